// The source panel: opens what a citation points to, and the keys of the whole page.
let opener = null; // the button that opened the panel, to give the focus back to
let closedAt = -Infinity; // when Esc or its button closed the panel, in milliseconds
const LATE = 300; // milliseconds in which what comes for a closed panel is not let in again

const inText = (target) => target.closest("input, textarea, select, [contenteditable=true]");
const box = () => document.querySelector("#question textarea");

// The conversation that a button of the chat stands in: what it points to is of that one only.
const home = (button) =>
  /fn-of-(\S+)/.exec(button.closest("[class*=fn-of-]")?.className)?.[1] ?? "";

function open(id, of) {
  closedAt = -Infinity;
  document.querySelectorAll(".cite.fn-at").forEach((b) => b.classList.remove("fn-at"));
  const button = document.getElementById(id);
  if (button && home(button) === of) {
    button.classList.add("fn-at");
    opener = button;
  }
  const view = element.querySelector(".fn-view")?.dataset;
  if (view?.place === id && view.of === of) settle(); // it is open already
  trigger("cite", { id: id, of: of }); // and may read otherwise by now
}

function close() {
  closedAt = performance.now();
  document.body.classList.remove("fn-source-open");
  const back = opener && document.contains(opener) ? opener : box();
  if (back) back.focus();
}

async function copy(button) {
  const link = button.dataset.copyLink;
  const text =
    button.dataset.copyBefore + (link ? location.origin + link : "") + button.dataset.copyAfter;
  const word = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea"); // where the clipboard is not allowed
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = word), 1500);
}

function settle() {
  if (performance.now() - closedAt < LATE) return;
  const view = element.querySelector(".fn-view, .fn-problem");
  document.body.classList.toggle("fn-source-open", Boolean(view));
  const mark = element.querySelector("mark");
  const text = element.querySelector(".fn-article");
  if (!text) return;
  if (mark) {
    text.scrollTop = mark.offsetTop - text.offsetTop - text.clientHeight / 3;
    mark.focus({ preventScroll: true });
  } else {
    text.scrollTop = 0;
    text.focus({ preventScroll: true });
  }
}

// What the user says of an answer: the fault by its button, what is right by marked words.
function correct(id, of) {
  const text = element.querySelector(".fn-article");
  const chosen = getSelection();
  const place = { id: id, of: of, article: "", before: 0, quote: "" };
  if (text && chosen.rangeCount && text.contains(chosen.getRangeAt(0).commonAncestorContainer)) {
    const range = chosen.getRangeAt(0);
    const before = document.createRange();
    before.selectNodeContents(text);
    before.setEnd(range.startContainer, range.startOffset);
    place.article = element.querySelector(".fn-view").dataset.article;
    place.before = [...before.toString()].length; // in code points, as the server counts
    place.quote = range.toString();
  }
  trigger("correct", place);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button.cite, button.fn-fault, button.fn-again");
  if (!button) return;
  const of = home(button);
  if (button.classList.contains("cite")) open(button.id, of);
  else if (button.classList.contains("fn-again")) trigger("ask_again", { id: button.id, of: of });
  else if (button.id.startsWith("w")) correct(button.id, of);
  else trigger("judge", { id: button.id, of: of });
});

document.addEventListener("mousedown", (event) => {
  if (event.target.closest("button.fn-fault")) event.preventDefault(); // keeps what is marked
});

element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.go) open(button.dataset.go, element.querySelector(".fn-view").dataset.of);
  else if ("close" in button.dataset) close();
  else if ("copyBefore" in button.dataset) copy(button);
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (inText(event.target)) return;
  if (event.key === "Escape") close();
  else if (event.key === "/") {
    event.preventDefault();
    document.body.classList.remove("fn-source-open");
    document.querySelector('#tabs [role="tab"]')?.click(); // the box is in the first
    requestAnimationFrame(() => box()?.focus());
  } else if (event.key === "[" || event.key === "]") {
    const step = element.querySelector(`[data-key="${event.key}"]:not([disabled])`);
    if (step) step.click();
    else if (!element.querySelector(".fn-view")) {
      const cites = document.querySelectorAll("#chat button.cite");
      const last = cites[cites.length - 1];
      if (last) open(last.id.replace(/-\d+$/, "-0"), home(last));
    }
  }
});

watch("value", () => requestAnimationFrame(settle));

// The newest question goes to the top of the conversation when it comes, and again when its
// answer has, so that the answer is read from its beginning.
let shown = "0 0";
new MutationObserver(() => {
  document.querySelector("#question .submit-button")?.setAttribute("aria-label", "Ask");
  const questions = document.querySelectorAll("#chat .fn-question");
  const replies = document.querySelectorAll("#chat .fn-card, #chat .fn-problem");
  const now = `${questions.length} ${replies.length}`;
  if (now === shown) return;
  shown = now;
  if (questions.length) questions[questions.length - 1].scrollIntoView({ block: "start" });
}).observe(document.body, { childList: true, subtree: true });

// An answer that waits is looked for again now and then: the stream that was to bring it may have
// ended, while the computer slept for one.
setInterval(() => document.querySelector("#chat .fn-working") && trigger("look"), 5000);
