"""All the benchmarks there are: python benchmarks/run.py. Each takes its own options when it is run alone."""

import batch

BENCHMARKS = (batch,)

if __name__ == "__main__":
    for benchmark in BENCHMARKS:
        print(f"{benchmark.__name__}: {benchmark.__doc__.splitlines()[0]}")
        benchmark.main([])
