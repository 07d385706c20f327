// Elements out of words. Text is always text: nothing that a person or a file named is ever markup.

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked") element[name] = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((one) => one !== null && one !== undefined));
  return element;
}

export function show(...children) {
  const main = document.getElementById("main");
  main.replaceChildren(...children);
}

export function notice(text) {
  const place = document.getElementById("notice");
  place.textContent = text || "";
  place.hidden = !text;
}

// Control and direction characters in names could make one name look like another.
export function plain(text) {
  return String(text ?? "").replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g, "\ufffd");
}

const MOMENT = {
  year: "numeric", month: "short", day: "numeric",
  hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short",
};

export function when(text) {
  if (!text) return "";
  const moment = new Date(text);
  return h("time", { datetime: text, title: text }, moment.toLocaleString(undefined, MOMENT));
}

// What a person or a file is called: text of its own direction, however long.
export function name(text) {
  const shown = plain(text);
  return h("bdi", { class: "name", title: shown }, shown);
}

// Says that what is shown is old, while the server does not answer; `fresh` looks again.
export function freshness(fresh) {
  const place = h("p", { class: "card bad", role: "status", hidden: true });
  let at = new Date();
  return {
    place,
    async look() {
      try {
        await fresh();
      } catch (error) {
        if (error.name === "AbortError") return;
        place.textContent = `${error.message} Shown is how it stood at ${at.toLocaleTimeString()}; it is asked again by itself.`;
        place.hidden = false;
        return;
      }
      at = new Date();
      place.hidden = true;
    },
  };
}

export function bytes(number) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (number >= 1000 && unit < units.length - 1) {
    number /= 1000;
    unit += 1;
  }
  return `${unit ? number.toFixed(1) : number} ${units[unit]}`;
}

export function chip(state) {
  return h("span", { class: `chip ${state}` }, state);
}

export function meter(done, total, label) {
  if (!total) return null;
  return h("progress", { value: done, max: total, "aria-label": label });
}

export function busy() {
  return h("p", { class: "dim", role: "status" }, "One moment…");
}
