// The list of conversations: a title opens one, the tools act on the one that is open.
element.addEventListener("click", (event) => {
  const chosen = event.target.closest("[data-conversation]");
  if (chosen) {
    if (covers()) show(false);
    sessionStorage.setItem("footnote-conversation", chosen.dataset.conversation); // asked from now
    trigger("choose", { id: chosen.dataset.conversation });
  }
  const tool = event.target.closest("[data-do]");
  if (!tool) return;
  const { id, title } = tool.parentElement.dataset;
  if (tool.dataset.do === "rename") rename(tool, id, title);
  else if (tool.dataset.do === "delete") remove(tool, id);
  else trigger("save_it", { id: id, kind: tool.dataset.do });
});

function rename(tool, id, title) {
  const box = document.createElement("input");
  box.className = "fn-rename";
  box.value = title;
  box.maxLength = 80;
  box.setAttribute("aria-label", "Name of this conversation");
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter") trigger("rename_it", { id: id, title: box.value });
    if (event.key === "Escape") {
      box.remove();
      tool.focus();
    }
    event.stopPropagation();
  });
  tool.parentElement.prepend(box);
  box.select();
}

function remove(tool, id) {
  if (tool.dataset.sure) {
    trigger("delete_it", { id: id });
    return;
  }
  tool.dataset.sure = "yes";
  tool.textContent = "Really delete?";
  setTimeout(() => {
    delete tool.dataset.sure;
    tool.textContent = "Delete";
  }, 4000);
}

const covers = () => matchMedia("(max-width: 1099px)").matches; // then it lies over the chat

// The column is open on a wide screen unless it was folded away; elsewhere it opens by its button.
function show(open) {
  document.body.classList.toggle("fn-past-open", open);
  document.querySelector("[data-past]")?.setAttribute("aria-expanded", String(open));
}

document.addEventListener("click", (event) => {
  if (event.target.closest("#fresh") && covers()) show(false);
  if (!event.target.closest("[data-past]")) return;
  const open = !document.body.classList.contains("fn-past-open");
  show(open);
  if (!covers()) localStorage.setItem("footnote-past", open);
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && covers()) show(false);
});

show(!covers() && localStorage.getItem("footnote-past") !== "false");
