"""What the engine itself says."""

WORDS = {
    "en": {
        "begin": "Begin with `diff-compare lesson A1`; each lesson names the next. `--step` waits for Enter between "
        "the steps, `lesson A` runs a whole part, `--all` everything, `--lang zh` speaks Chinese.",
        "turn": "Enter: go on   q: quit ",
        "try": "Try: ",
        "next": "Next: `diff-compare lesson {number}` — {title}",
        "last": "This was the last lesson. `diff-compare lesson` lists the course, `diff-compare --help` all commands.",
    },
    "zh": {
        "begin": "从 `diff-compare lesson A1` 开始，每一课的结尾会指出下一课。`--step` 在步骤之间等待回车，"
        "`lesson A` 运行整个部分，`--all` 运行全部课程，`--lang en` 换成英文。",
        "turn": "回车：继续   q：退出 ",
        "try": "试一试：",
        "next": "下一课：`diff-compare lesson {number}`——{title}",
        "last": "这是最后一课。`diff-compare lesson` 列出全部课程，`diff-compare --help` 列出所有命令。",
    },
}
