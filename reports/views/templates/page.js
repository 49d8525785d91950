(() => {
  "use strict";
  const all = (selector, root) => [...(root || document).querySelectorAll(selector)];
  const form = document.querySelector("form.filters");
  if (form) {
    const choices = all("select", form);
    const told = form.querySelector("output");
    const fits = (row, choice) => {
      const value = row.dataset[choice.name] || "";
      return !choice.value || (choice.name === "dtype" ? value.split(" ").includes(choice.value) : value === choice.value);
    };
    const apply = () => {
      const rows = all("[data-subject]");
      for (const row of rows) row.hidden = !choices.every((choice) => fits(row, choice));
      const listed = rows.filter((row) => row.tagName === "LI");
      const left = listed.filter((row) => !row.hidden).length;
      const chosen = choices.some((choice) => choice.value);
      told.textContent = chosen ? left + " of " + listed.length + " shown" : "";
      form.querySelector("button").hidden = !chosen;
      if (chosen) for (const more of all("details.more")) more.open = true;
    };
    form.hidden = false;
    form.addEventListener("change", apply);
    form.addEventListener("reset", () => setTimeout(apply));
    form.addEventListener("submit", (event) => event.preventDefault());
    apply();
  }
  const copied = (text) => {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "aside-copy";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  };
  for (const button of all("button.copy")) {
    const label = button.textContent;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const text = document.getElementById(button.dataset.of).textContent;
      let done = true;
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        done = copied(text);
      }
      button.textContent = done ? "Copied" : "Not copied";
      setTimeout(() => { button.textContent = label; }, 1500);
    });
  }
  const reveal = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();
  const closed = [];
  addEventListener("beforeprint", () => {
    for (const part of all("details:not([open])")) { part.open = true; closed.push(part); }
  });
  addEventListener("afterprint", () => { for (const part of closed.splice(0)) part.open = false; });
})();
