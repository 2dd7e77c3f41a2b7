// Elements. Text is always text: nothing here reads HTML.

const SVG = "http://www.w3.org/2000/svg";

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.flat(9).filter(child => child !== null && child !== undefined && child !== ""));
  return element;
}

export const make = (tag, attributes = {}, ...children) =>
  filled(document.createElement(tag), attributes, children);
export const draw = (tag, attributes = {}, ...children) =>
  filled(document.createElementNS(SVG, tag), attributes, children);
export const link = (text, action, attributes = {}) =>
  make("button", { type: "button", class: "link", onclick: action, ...attributes }, text);
export const find = id => document.getElementById(id);

const LINE = 19;

/** A long text of which only the visible lines are elements; `fill(line, number)` makes a line. */
export class Lines {
  constructor(pane, count, fill) {
    this.pane = pane;
    this.count = count;
    this.fill = fill;
    this.shown = make("div", { class: "lines" });
    this.shown.style.height = count * LINE + 8 + "px";
    pane.replaceChildren(this.shown);
    pane.onscroll = () => this.update();
    this.update();
  }

  update() {
    const first = Math.max(0, Math.floor(this.pane.scrollTop / LINE) - 10);
    const last = Math.min(this.count, first + Math.ceil(this.pane.clientHeight / LINE) + 20);
    this.shown.replaceChildren(...Array.from({ length: Math.max(last - first, 0) }, (_, k) => {
      const line = make("div", { class: "line" });
      line.style.top = (first + k) * LINE + 4 + "px";
      this.fill(line, first + k);
      return line;
    }));
  }

  show(number) {
    const top = number * LINE;
    const { scrollTop, clientHeight } = this.pane;
    if (top < scrollTop + LINE || top > scrollTop + clientHeight - 3 * LINE) {
      this.pane.scrollTop = Math.max(0, top - clientHeight / 3);
    }
    this.update();
  }
}
