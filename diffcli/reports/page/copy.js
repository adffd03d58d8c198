"use strict";
for (const button of document.querySelectorAll(".command button")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const pre = button.parentElement.querySelector("pre");
    const range = document.createRange();
    range.selectNodeContents(pre);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    let done = false;
    try {
      await navigator.clipboard.writeText(pre.textContent);
      done = true;
    } catch { done = document.execCommand("copy"); }
    const before = button.textContent;
    button.textContent = done ? button.dataset.copied : button.dataset.selected;
    setTimeout(() => { button.textContent = before; }, 1500);
  });
}
