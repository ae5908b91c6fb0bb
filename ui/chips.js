// The questions to begin with: a click asks one.
element.addEventListener("click", (event) => {
  const chip = event.target.closest("[data-ask]");
  if (chip) trigger("ask_this", { question: chip.dataset.ask });
});
