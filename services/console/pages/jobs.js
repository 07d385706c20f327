// The jobs of the project, the newest first, looked at again while the page is open.

import { get } from "./api.js";
import { chip, freshness, h, meter, name, show, when } from "./dom.js";

const STATES = ["queued", "running", "retry", "paused", "done", "failed", "canceled"];
const AGAIN_MS = 4000;

export async function jobs(signal) {
  const asked = new URLSearchParams((location.hash.split("?")[1] || ""));
  let pages = 1;
  const body = h("tbody");
  const more = h("button", { class: "quiet", type: "button", hidden: true }, "Older jobs");
  const empty = asked.size
    ? h("p", { class: "dim", hidden: true }, "No job is like that. ", h("a", { href: "#/jobs" }, "Show all"), ".")
    : h("p", { class: "dim", hidden: true }, "No job here yet. ", h("a", { href: "#/new" }, "Submit one"), ".");
  const list = h("div", { class: "wide" },
    h("table", { class: "jobs" },
      h("thead", {}, h("tr", {}, ...["Input", "State", "Preset", "Case", "Asked for"].map((one) => h("th", { scope: "col" }, one)))),
      body));
  const fresh = freshness(find);

  async function find() {
    const rows = [];
    let after = null;
    for (let page = 0; page < pages; page += 1) {
      const query = new URLSearchParams({ limit: "50" });
      if (asked.get("state")) query.append("state", asked.get("state"));
      if (asked.get("case")) query.set("case", asked.get("case"));
      if (after) query.set("after", after);
      const found = await get(`/v1/jobs?${query}`, signal);
      rows.push(...found.jobs.map(row));
      after = found.next;
      if (!after) break;
    }
    body.replaceChildren(...rows);
    more.hidden = !after;
    empty.hidden = rows.length > 0;
    list.hidden = rows.length === 0;
  }

  more.addEventListener("click", () => {
    pages += 1;
    fresh.look();
  });
  await find();
  show(
    h("div", { class: "row" }, h("h1", {}, "Jobs"), h("a", { class: "button", href: "#/new" }, "New job")),
    filters(asked),
    fresh.place,
    list,
    empty,
    more,
  );
  const again = setInterval(() => {
    if (!document.hidden) fresh.look();
  }, AGAIN_MS);
  signal.addEventListener("abort", () => clearInterval(again));
}

function filters(asked) {
  const state = h("select", { id: "state" }, h("option", { value: "" }, "every state"), ...STATES.map((one) => h("option", { value: one }, one)));
  state.value = asked.get("state") || "";
  const matter = h("input", { id: "case", type: "search", placeholder: "every case", value: asked.get("case") || "", maxlength: 200 });
  const apply = () => {
    const query = new URLSearchParams();
    if (state.value) query.set("state", state.value);
    if (matter.value.trim()) query.set("case", matter.value.trim());
    location.hash = query.size ? `#/jobs?${query}` : "#/jobs";
  };
  state.addEventListener("change", apply);
  matter.addEventListener("change", apply);
  return h("form", { class: "filters", onsubmit: (event) => { event.preventDefault(); apply(); } },
    h("label", { for: "state" }, "State"), state, h("label", { for: "case" }, "Case"), matter);
}

function row(one) {
  const stage = one.stages.find((each) => each.state === "running");
  return h("tr", {},
    h("td", {}, h("a", { href: `#/jobs/${one.job_id}` }, one.name ? name(one.name) : one.job_id)),
    h("td", {}, chip(one.state), stage ? meter(stage.done, stage.total, stage.step || "progress") : null),
    h("td", {}, one.preset),
    h("td", {}, ...[one.case, one.item].filter(Boolean).flatMap((each, at) => [at ? " / " : "", name(each)])),
    h("td", {}, when(one.created_at)));
}
