// The networks of the catalog, and what gates said about them.

import { get } from "./api.js";
import { chip, h, plain, show, when } from "./dom.js";

async function all(path, name, signal) {
  const rows = [];
  let after = null;
  do {
    const query = new URLSearchParams({ limit: "200" });
    if (after) query.set("after", after);
    const page = await get(`${path}?${query}`, signal);
    rows.push(...page[name]);
    after = page.next;
  } while (after);
  return rows;
}

export async function networks(signal) {
  const [models, gates] = await Promise.all([
    all("/v1/models", "models", signal), all("/v1/gates", "gates", signal),
  ]);
  models.sort((a, b) => Number(b.installed) - Number(a.installed) || a.name.localeCompare(b.name));
  show(
    h("h1", {}, "Networks"),
    h("p", { class: "dim" }, "A job runs networks whose gate admits them on its engine, precision and device; anything else takes a reason, which is kept. A gate is performance on its own set of pictures, not an error rate for another picture."),
    ...models.map((one) => card(one, gates.filter((gate) => gate.network === one.name))),
  );
}

function card(one, gates) {
  const facts = [
    ["Task", `${one.task}${one.scale > 1 ? ` ×${one.scale}` : ""}`], ["Class", one.class],
    ["Licence", one.licence], ["Learnt from", one.training_data], ["Precisions", one.precisions.join(", ")],
  ];
  return h("details", { class: "card" },
    h("summary", {}, h("b", {}, one.name), " ", chip(one.installed ? one.state : "not installed"), " ", h("span", { class: "dim" }, plain(one.title))),
    h("dl", {}, ...facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, plain(value))])),
    one.known_failures.length ? h("div", {}, h("h3", {}, "Known failures"), h("ul", {}, ...one.known_failures.map((each) => h("li", {}, plain(each))))) : null,
    gates.length ? table(gates) : h("p", { class: "dim" }, "No gate is on record."));
}

function table(gates) {
  return h("div", { class: "wide" }, h("table", { class: "gates" },
    h("thead", {}, h("tr", {}, ...["Gate", "Engine", "Precision", "Device", "Set", "At"].map((one) => h("th", { scope: "col" }, one)))),
    h("tbody", {}, ...gates.map((one) => h("tr", {},
      h("td", {}, chip(one.passed ? "passed" : "failed")), h("td", {}, `${one.engine} ${one.engine_version}`), h("td", {}, one.precision),
      h("td", {}, one.device_class), h("td", {}, `${plain(one.set)}, n = ${one.cases}`), h("td", {}, when(one.at)))))));
}
