// Elements of the page. Text becomes text nodes only: nothing that a user, a device or a client is named can be HTML.

export function element(name, properties = {}, ...children) {
  return filled(document.createElement(name), properties, children);
}

export function drawn(name, properties = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", name), properties, children);
}

function filled(made, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value !== false && value !== undefined) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(2).filter((each) => each !== null && each !== undefined));
  return made;
}

// What others have chosen: its direction of writing must not turn the text around it.
export function foreign(text) {
  return element("bdi", {}, text);
}

export function button(text, click, properties = {}) {
  return element("button", { type: "button", click, ...properties }, text);
}

export function link(text, ...path) {
  return element("a", { href: "#/" + path.map(encodeURIComponent).join("/") }, foreign(text));
}

// A list of rows that is a table on a wide screen, and a card for each row on a narrow one. The roles keep it a table.
export function table(caption, heads, rows) {
  const cells = (row) => row.map((cell, at) => element("td", { role: "cell", "data-head": heads[at] }, cell));
  return element(
    "table",
    { role: "table" },
    element("caption", {}, caption),
    element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, heads.map(head))),
    element("tbody", { role: "rowgroup" }, rows.map((row) => element("tr", { role: "row" }, cells(row)))),
  );
}

function head(text) {
  return text ? element("th", { role: "columnheader", scope: "col" }, text) : element("td", { role: "cell" });
}

export function facts(...pairs) {
  return element("dl", {}, pairs.map(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
}

export function say(text) {
  document.getElementById("status").textContent = text;
}

// Ask before an act that cannot be taken back. The answer is whether to do it.
export function confirmed(question, act) {
  return new Promise((answer) => {
    const close = (agreed) => () => dialog.close(agreed ? "yes" : "");
    const dialog = element(
      "dialog",
      { "aria-labelledby": "question", close: () => (dialog.remove(), answer(dialog.returnValue === "yes")) },
      element("p", { id: "question" }, question),
      element("div", { class: "choices" }, button("Cancel", close(false)), button(act, close(true), { class: "strong" })),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}
