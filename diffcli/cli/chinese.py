"""Chinese of what --help says, by English: paragraphs of commands, and what is said of arguments and options."""

from __future__ import annotations

_PAGE = {
    "Usage:": "用法：",
    "Compare": "比较",
    "Understand": "理解",
    "Numerics": "数值计算",
    "Learn": "学习",
    "Which derivative": "求哪种导数",
    "How it is computed": "怎样计算",
    "What is shown, and where": "显示什么，写到哪里",
    "Many points": "许多点",
    "How the rows are computed": "各行怎样计算",
    "Arguments": "参数",
    "Options": "选项",
    "Examples:": "例子：",
    "Show this message and exit.": "显示本说明。",
    "[required]": "[必填]",
    "[default: {}]": "[默认：{}]",
    "[environment: {}]": "[环境变量：{}]",
    "Print the version and exit.": "显示版本号。",
    "The language of screens, before or after any command.": "屏幕上的语言，写在命令之前或之后都可以。",
    "Install completion for the current shell.": "为当前 shell 安装自动补全。",
    "Show completion for the current shell, to copy it or customize the installation.":
        "显示当前 shell 的自动补全脚本，可供复制或自行安装。",
    "Exit codes: 0 every verdict is ok or kink, 1 some verdict is not, 2 the request cannot be understood.":
        "退出码：0 所有结论都是准确或尖点，1 有其他结论，2 无法理解所给的命令。",
}  # fmt: skip

_COMMANDS = {
    "Differentiate an expression by SymPy, by dual numbers and by a reverse tape, and compare the results with the "
    "proved value: errors, bits lost, operations executed.":
        "用 SymPy、对偶数和反向磁带对一个表达式求导，并与已证明的值比较：误差、丢失位数、实际执行的运算次数。",
    "Compare the methods on one expression at one point. The word expr may be left out.":
        "在一个点上比较各方法对一个表达式的结果。expr 这个词可以省略。",
    "The error is measured against the value proved by ball arithmetic, in ulps and in bits lost of 53.":
        "误差以球算术证明的值为准，用 ulp 和丢失位数（共 53 位）表示。",
    "Operations are those really executed: + additions and subtractions, - negations, × products, ÷ quotients, "
    "^ powers, ƒ calls of elementary functions. Constants, copies, comparisons and what is structurally 0, 1 or -1 "
    "are free.":
        "运算次数是实际执行的：+ 加减法，- 取负，× 乘法，÷ 除法，^ 幂，ƒ 调用初等函数。"
        "常数、复制、比较，以及结构上为 0、1、-1 的量都不计。",
    "Many points: --points FILE, or ranges as first:last:count, --at \"x=0:1:1e6, y=2\"; several make a product. "
    "Errors are then shown as statistics. --output FILE.npy, .npz or .csv takes the results of all points.":
        "许多点：--points FILE，或写成范围“起:止:个数”，如 --at \"x=0:1:1e6, y=2\"；几个范围取所有组合。"
        "这时误差以统计量显示；--output FILE.npy、.npz 或 .csv 写出所有点的结果。",
    "Compare the methods on every row of a file, row by row, in its order.": "对文件的每一行比较各方法，按行的次序。",
    ".txt: a row is EXPR | x=1, y=2 and # begins a comment.": ".txt：每行写 EXPR | x=1, y=2，# 之后是注释。",
    ".jsonl: a row is an object with expr, at, and optionally wrt, id and claim.":
        ".jsonl：每行一个对象，有 expr、at，还可以有 wrt、id、claim。",
    ".csv: a column expr, optionally id, wrt and claim; other columns are variables, or text that comes back.":
        ".csv：有一列 expr，还可以有 id、wrt、claim；其余各列是变量，或原样带回的文字。",
    "What a row says of wrt and claim goes before --wrt and --claim. A row that fails is reported in its place, and "
    "the rest go on.":
        "行中写的 wrt 和 claim 优先于 --wrt 和 --claim。出错的行在原处报告，其余各行继续。",
    "The error of difference quotients over the step: truncation against round-off.":
        "差商的误差随步长的变化：截断误差对舍入误差。",
    "For each method the order measured and in theory, the best step found and predicted, and where round-off takes "
    "over; dual numbers, which have no step, as a level line. JSON and CSV hold every step.":
        "对每种方法给出实测的阶与理论的阶、找到的与预测的最佳步长，以及舍入从何处占上风；"
        "对偶数没有步长，画成水平线。JSON 和 CSV 含有每个步长。",
    "Bits lost by each method over a range of one variable, and the worst points.":
        "一个变量在一段范围上时各方法丢失的位数，以及最差的点。",
    "Every point is measured against the derivative proved there. Worse points than the grid's are searched for, and "
    "can be pasted behind --at.":
        "每个点都以该处已证明的导数为准。还会搜索比网格上更差的点，可以直接粘贴到 --at 之后。",
    "Find the points of a box where each method loses most.": "在一个盒子里寻找各方法丢失最多的点。",
    "Seeded points, even in x and in log x, some with two variables nearly equal; then ever closer looks around the "
    "worst.":
        "按种子取点，对 x 和 log x 均匀，有些点的两个变量几乎相等；然后在最差的点附近越找越细。",
    "Taylor's expansion: coefficients, partial sums, Lagrange's remainder, radius.":
        "泰勒展开：系数、部分和、拉格朗日余项、收敛半径。",
    "Coefficients are found by Taylor arithmetic in float64, and measured against proved ones. The radius of "
    "convergence is a hint, not a proof.":
        "系数由 float64 的泰勒算术求得，并以已证明的系数为准。收敛半径只是估计，不是证明。",
    "Newton's method on EXPR = 0 with the derivative of every method, step by step.":
        "用每种方法的导数对 EXPR = 0 作牛顿法，逐步显示。",
    "The root is proved by interval Newton where it can be. A horizontal tangent, a cycle, a flight and a leap out of "
    "the domain are said in words.":
        "能证明时，根由区间牛顿法证明。遇到水平切线、循环、远离和跳出定义域，都用文字说明。",
    "Show every node: its value, its tangent and its adjoint, and the node where digits die.":
        "显示每个节点的值、切值和伴随值，并指出位数丢失在哪个节点。",
    "Nodes are v1, v2, …, level by level, and inputs end with v0, as in the tables of Baydin et al. (2018). Each "
    "number stands beside the bits it has lost against its own proved value. A screen shows the rows that matter; json "
    "and csv have all.":
        "节点 v1, v2, … 逐层编号，输入以 v0 结尾，与 Baydin 等（2018）的表一致。每个数旁边是它相对于自己的已证明值"
        "丢失的位数。屏幕上显示要紧的行；json 和 csv 含有全部。",
    "The derivative rules, textbook and stable, and the worst error of each.":
        "求导规则（教科书的与稳定的），以及每条规则的最大误差。",
    "Each rule is applied to its primitive alone, over the primitive's domain, and measured in ulps against the "
    "derivative proved there. --rules of the other commands chooses a column.":
        "每条规则只用于它的基本函数本身，取遍定义域，误差以该处已证明的导数为准，单位是 ulp。"
        "其他命令的 --rules 选用其中一列。",
    "Gradient descent on an expression, or on the loss of a model on samples, step by step.":
        "对一个表达式，或对模型在样本上的损失作梯度下降，逐步显示。",
    "The first of --methods leads; what the others' gradients cost and how far they are apart stands beside. Said in "
    "words: whether it arrives, falls or diverges, which rate would do for a quadratic, and the proved gradient at "
    "the end. JSON and CSV hold every step.":
        "由 --methods 的第一种方法带路；其他方法的梯度开销多少、相差多远，列在旁边。用文字说明："
        "到达、还在下降还是发散，对二次函数怎样的学习率合适，以及终点处已证明的梯度。JSON 和 CSV 含有每一步。",
    "How large SymPy's derivative becomes as a formula, against what forward and reverse execute.":
        "SymPy 的导数写成公式有多大，与前向和反向模式实际执行的运算相比。",
    "For n = 1, 2, … of a family: operations as written, exactly, with equal parts computed once, and of both modes; "
    "with names for the parts of f, and with everything substituted. The logistic map is Table 1 of Baydin et al. "
    "(2018).":
        "对一族函数的 n = 1, 2, …：照写的精确运算次数、相同部分只算一次的次数，以及两种模式的次数；"
        "分为给 f 的各部分起名和全部代入两种情形。逻辑斯谛映射就是 Baydin 等（2018）的表 1。",
    "Differentiate by hand: the symbolic derivative rule by rule, every step proved at a point.":
        "手工求导：一条规则一步，每一步都在一个点上证明。",
    "What has a name (u = ...; ...) is differentiated first. Variables without a value get one where the derivative is "
    "regular. LaTeX is a document, MathML a page for any browser.":
        "有名字的部分（u = ...; ...）先求导。没有给值的变量会取一个导数正常的值。"
        "LaTeX 是一篇文档，MathML 是任何浏览器都能打开的网页。",
    "Draw the computational graph: values, local slopes on the lines, and the bits that each node has lost.":
        "画出计算图：各节点的值、线上的局部斜率，以及每个节点丢失的位数。",
    "In the terminal, as SVG (-o graph.svg), for Mermaid (.mmd) or Graphviz (.dot). More than 60 nodes are folded.":
        "画在终端里，或画成 SVG（-o graph.svg），或供 Mermaid（.mmd）、Graphviz（.dot）使用。超过 60 个节点时折叠。",
    "Write a page that has it all: the comparison, every node, the graph, the error over the step.":
        "写一个应有尽有的网页：比较、每个节点、计算图、误差随步长的变化。",
    "One HTML file, which needs no network and prints. For many expressions: diff-compare batch FILE -f html -o FILE.":
        "一个 HTML 文件，不需要网络，可以打印。许多表达式请用：diff-compare batch FILE -f html -o FILE。",
    "A course in short lessons: what derivatives are and how they are computed, with real commands run live.":
        "一门由短课组成的课程：导数是什么，怎样计算；其中的命令都当场运行。",
    "Without a name the lessons are listed; begin with diff-compare lesson A1.":
        "不写名字时列出所有课；请从 diff-compare lesson A1 开始。",
    "List the methods: what each does, the derivatives it finds, its library, how to install what is missing.":
        "列出各方法：做什么、能求哪些导数、用什么库、缺少的怎样安装。",
}  # fmt: skip

_OPTIONS = {
    "The expression, for example \"x*sin(y)\".": "表达式，例如 \"x*sin(y)\"。",
    "The point: \"x=1.5, y=pi/4\". May be repeated.": "点：\"x=1.5, y=pi/4\"。可以重复。",
    "Variables to differentiate by: x,y. Default: all.": "对哪些变量求导：x,y。默认：全部。",
    "Derivative along the direction V: 3,2,1.": "沿方向 V 的导数：3,2,1。",
    "Scale the direction of --jvp to length 1.": "把 --jvp 的方向缩放到长度 1。",
    "Gradient of the outputs weighted by W.": "各输出以 W 加权后的梯度。",
    "2: the Hessian. More: the N-th derivative.": "2：黑塞矩阵。更大：N 阶导数。",
    "The Hessian times V.": "黑塞矩阵乘以 V。",
    "A derivative to be checked: \"x: 2*x*y\". May be repeated, for other variables.":
        "待检验的导数：\"x: 2*x*y\"。可以重复，用于其他变量。",
    "table, json, jsonl, csv, markdown, latex or html. Default: by FILE's ending, or table.":
        "table、json、jsonl、csv、markdown、latex 或 html。默认：由 FILE 的扩展名决定，否则为 table。",
    "Write to FILE instead of standard output.": "写入 FILE，而不是标准输出。",
    "Seconds per method and expression.": "每种方法对每个表达式的秒数。",
    "Ulps up to which a result is ok: 1024 is 10 of the 53 bits.":
        "误差不超过多少 ulp 算准确：1024 是 53 位中的 10 位。",
    "Ulps up to which a result is ok.": "误差不超过多少 ulp 算准确。",
    "Compute equal subexpressions of what was typed only once.": "所写表达式中相同的部分只算一次。",
    "Show what is remembered: the tape's length, the peak of values.": "显示要记住多少：磁带的长度、值的峰值。",
    "Numbers that methods compute with, float64 or float32; errors are in their ulps.":
        "各方法用什么数计算，float64 或 float32；误差以它的 ulp 计。",
    "Sines and cosines of many points by tangents, within 4 ulps. Default: from 100,000 points where faster.":
        "许多点的正弦和余弦由正切计算，误差在 4 ulp 之内。默认：从 100,000 个点起，在更快时使用。",
    "The step of difference methods.": "差分方法的步长。",
    "Derivative rules of forward, reverse and taylor: textbook or stable.":
        "forward、reverse 和 taylor 用的求导规则：教科书的（textbook）或稳定的（stable）。",
    "Exit with 0 whatever the verdicts are.": "无论结论如何，退出码都是 0。",
    "Write FILE as well, in the format of its ending. May be repeated.": "另外写入 FILE，格式由扩展名决定。可以重复。",
    "Many points: .csv with names, .npy or .npz.": "许多点：带列名的 .csv、.npy 或 .npz。",
    "Of many points, judge N against the truth [2000].": "从许多点中取 N 个与真值比较 [2000]。",
    "What the sample is drawn with [0].": "抽样的种子 [0]。",
    "Compute many points by a compiler: heyoka (an extra).": "用编译器计算许多点：heyoka（附加安装）。",
    "Cases in .txt, .jsonl or .csv; - is standard input.": ".txt、.jsonl 或 .csv 文件；- 是标准输入。",
    "Encoding of FILE: utf-8, gbk, … Default: by its bytes.": "FILE 的编码：utf-8、gbk……默认：由其字节判断。",
    "Worker processes. Default: one per core.": "工作进程数。默认：每个核一个。",
    "MiB that a worker may use.": "每个工作进程可用的内存（MiB）。",
    "Compute on a Dask cluster: its scheduler's tcp://HOST:PORT.": "在 Dask 集群上计算：调度器的 tcp://HOST:PORT。",
    "Keep the rows that --output already holds, and do the rest (jsonl).":
        "保留 --output 中已有的行，继续其余各行（jsonl）。",
    "Stop after the first row that is not ok.": "遇到第一个不准确的行就停止。",
    "Comma list of methods with a step. Default: all.": "有步长的方法，用逗号隔开。默认：全部。",
    "Comma list of methods. Default: the usual ones.": "方法，用逗号隔开。默认：常用的几种。",
    "Steps, even in log h.": "步长的个数，对 log h 均匀。",
    "The largest step.": "最大步长。",
    "The smallest step.": "最小步长。",
    "What is computed with: float64 or float32.": "用什么数计算：float64 或 float32。",
    "table, json or csv. Default: by FILE's ending, or table.":
        "table、json 或 csv。默认：由 FILE 的扩展名决定，否则为 table。",
    "Draw the plots into FILE, a .png or .svg.": "把图画入 FILE，.png 或 .svg。",
    "Seconds per method, and per proof.": "每种方法、每个证明的秒数。",
    "Seconds that all of it may take.": "全部计算可用的秒数。",
    "The variable that moves, and its range.": "变动的变量及其范围。",
    "Points even in log x; through zero, on either side of it.": "点对 log x 均匀；跨过零时，零的两侧都有。",
    "Points of the grid.": "网格的点数。",
    "The box: \"x=LO:HI, y=LO:HI\".": "盒子：\"x=LO:HI, y=LO:HI\"。",
    "The most points tried.": "最多试多少个点。",
    "The same seed finds the same points.": "种子相同，找到的点也相同。",
    "The highest power.": "最高次幂。",
    "The variable, where there are several.": "变量（有几个变量时）。",
    "Where the remainder is shown; sums at the second.": "在哪些距离上显示余项；部分和取第二个距离。",
    "The variable, and where it begins.": "变量及其起点。",
    "The most steps.": "最多的步数。",
    "Variables to follow: x,y. Default: all if two, else the first.":
        "跟踪哪些变量：x,y。默认：两个则全部，否则第一个。",
    "forward, reverse or both.": "forward、reverse 或 both（两者）。",
    "Primitives. Default: all.": "基本函数。默认：全部。",
    "Points an argument.": "每个自变量的点数。",
    "What is made small, unless --data is given.": "要减小的表达式；给出 --data 时不写。",
    "The parameters, and where they begin.": "各参数及其起点。",
    "Samples: each column is a vector.": "样本：每列是一个向量。",
    "What is predicted, yhat: \"w*x + b\".": "预测值 yhat：\"w*x + b\"。",
    "The loss of yhat on the samples, whose number is m [mean((yhat - y)^2)].":
        "yhat 在样本上的损失；样本数为 m [mean((yhat - y)^2)]。",
    "batch, stochastic, mini-batch, momentum, newton; or several: batch,stochastic.":
        "batch（批量）、stochastic（随机）、mini-batch（小批量）、momentum（动量）、newton（牛顿）；"
        "或几种：batch,stochastic。",
    "The length of a step [0.1; newton: 1].": "学习率 [0.1；newton 为 1]。",
    "Updates [50 without samples].": "更新次数 [没有样本时 50]。",
    "Passes through the samples [50].": "遍历样本的轮数 [50]。",
    "Samples of a mini-batch [8].": "小批量的样本数 [8]。",
    "What momentum keeps of the step before [0.9].": "动量保留上一步的多少 [0.9]。",
    "Stop where the gradient is not longer.": "梯度的长度不超过它就停止。",
    "The same seed draws samples in the same order [0].": "种子相同，样本的次序也相同 [0]。",
    "logistic, product or nested [logistic, unless --expr is given].":
        "logistic（逻辑斯谛）、product（乘积）或 nested（嵌套）[没有 --expr 时为 logistic]。",
    "A formula of l, applied to itself: \"4*l*(1 - l)\".": "l 的一个公式，反复代入自身：\"4*l*(1 - l)\"。",
    "The largest n.": "最大的 n。",
    "text, json, latex or mathml. Default: by FILE's ending, or text.":
        "text、json、latex 或 mathml。默认：由 FILE 的扩展名决定，否则为 text。",
    "values, tangents (by one --wrt) or adjoints.":
        "values（值）、tangents（切值，要用一个 --wrt）或 adjoints（伴随值）。",
    "text, mermaid, dot, svg or json. Default: by FILE's ending.":
        "text、mermaid、dot、svg 或 json。默认：由 FILE 的扩展名决定。",
    "Fold nothing, however large the graph.": "图再大也不折叠。",
    "Its number or name; or a part: A.": "课的编号或名字；或一个部分：A。",
    "Run all lessons.": "运行全部课程。",
    "Wait for Enter between the steps; q leaves.": "在步骤之间等待回车；q 退出。",
    "List the lessons, as without a name.": "列出各课，与不写名字一样。",
}  # fmt: skip

TEMPLATES = {
    "Comma list of methods, or all: {}. Default: the usual ones for the derivative asked for.":
        "方法，用逗号隔开，或 all（全部）：{}。默认：所求导数常用的几种。",
    "Functions: {}.": "函数：{}。",
}  # fmt: skip
"""Texts with a list in them."""

HELP: dict[str, str] = {**_PAGE, **_COMMANDS, **_OPTIONS}
