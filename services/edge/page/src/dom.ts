// Elements of the page. Texts of people only ever become text nodes.

export function byId<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

export function element(tag: string, text: string, name = ""): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = name;
  return made;
}

export function options(select: HTMLSelectElement, entries: [value: string, text: string][]): void {
  select.replaceChildren(...entries.map(([value, text]) => new Option(text, value)));
}

export function list(into: HTMLElement, texts: string[], none: string): void {
  into.replaceChildren(...(texts.length > 0 ? texts : [none]).map((text) => element("li", text)));
}

/** Says what happens, to screen readers as well. */
export function notice(text: string, isBad = false): void {
  const place = byId("notice");
  place.textContent = text;
  place.className = isBad ? "bad" : "";
}
