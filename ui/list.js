// The list of articles: a title opens its article, "Remove" asks once and removes it.
element.addEventListener("click", (event) => {
  const open = event.target.closest("[data-open]");
  if (open) trigger("open_article", { id: open.dataset.open });
  const remove = event.target.closest("[data-remove]");
  if (!remove || remove.disabled) return;
  if (remove.dataset.sure) {
    trigger("remove_article", { id: remove.dataset.remove });
    return;
  }
  remove.dataset.sure = "yes";
  remove.textContent = "Really remove?";
  setTimeout(() => {
    delete remove.dataset.sure;
    remove.textContent = "Remove";
  }, 4000);
});

// Why an upload was refused: Gradio's box says no more than "Error".
const send = window.fetch;
window.fetch = async (...request) => {
  const reply = await send(...request);
  const url = new URL(request[0]?.url ?? request[0], location.href);
  if (!reply.ok && url.pathname === "/gradio_api/upload")
    trigger("upload_refused", { said: await reply.clone().text() });
  return reply;
};
