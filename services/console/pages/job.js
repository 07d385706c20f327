// One job: where it stands as it happens, what it made, and what may be done with it.

import { get, post } from "./api.js";
import { bytes, chip, h, meter, notice, plain, show, when } from "./dom.js";
import { follow } from "./events.js";

const STEERING = [
  ["pause", "Pause", (one) => !one.is_final && one.state !== "paused"],
  ["resume", "Go on", (one) => one.state === "paused"],
  ["cancel", "Call off", (one) => !one.is_final],
  ["retry", "Try again", (one) => ["failed", "canceled"].includes(one.state)],
];
const MOST_EVENTS = 200;
const SOON_MS = 200;
const AGAIN_MS = 2000;

const stands = new WeakMap();

export async function job(signal, id) {
  const live = h("section", { "aria-live": "polite" });
  const events = h("ol", { class: "events" });
  const first = await get(`/v1/jobs/${id}`, signal);
  const look = async () => draw(live, await get(`/v1/jobs/${id}`, signal), look);
  draw(live, first, look);
  show(
    h("p", {}, h("a", { href: "#/jobs" }, "← Jobs")),
    h("h1", {}, plain(first.name) || "Job"),
    live,
    h("h2", {}, "Events"),
    events,
    h("details", {}, h("summary", {}, "Graph"), h("pre", {}, JSON.stringify(first.graph, null, 1))),
  );
  let due = null;
  follow(`/v1/jobs/${id}/events`, signal, (event) => {
    events.prepend(told(event));
    while (events.children.length > MOST_EVENTS) events.lastChild.remove();
    due ??= setTimeout(() => {
      due = null;
      look().catch(() => {});
    }, SOON_MS);
  }).then(() => look().catch(() => {}));
  // How far a step is shows in the job itself; an event tells only that a step began.
  const again = setInterval(() => {
    if (!document.hidden && live.querySelector("progress")) look().catch(() => {});
  }, AGAIN_MS);
  signal.addEventListener("abort", () => clearInterval(again));
}

function told(event) {
  const data = Object.entries(event.data || {}).map(([key, value]) => `${key} ${typeof value === "object" ? JSON.stringify(value) : value}`);
  return h("li", {}, when(event.at), " ", h("b", {}, event.kind), " ", h("span", { class: "dim" }, plain(data.join(", "))));
}

function draw(place, one, again) {
  // What a reader has opened stays open while nothing changes.
  const stand = JSON.stringify(one);
  if (stands.get(place) === stand) return;
  stands.set(place, stand);
  place.replaceChildren(...[
    h("p", { class: "row" }, chip(one.state), one.late_since ? h("span", { class: "chip failed" }, "late") : null, ...buttons(one, again)),
    ...one.stages.filter((stage) => stage.state === "running").map((stage) =>
      h("p", {}, h("span", {}, plain(stage.step || stage.name)), " ", stage.total ? h("span", { class: "dim" }, `${stage.done} of ${stage.total}`) : null, meter(stage.done, stage.total, "progress"))),
    one.error ? h("div", { class: "card bad" }, h("b", {}, plain(one.error.reason)), h("p", {}, plain(one.error.next_step))) : null,
    facts(one),
    ...results(one),
  ].filter(Boolean));
}

function buttons(one, again) {
  return STEERING.filter(([, , may]) => may(one)).map(([word, label]) =>
    h("button", {
      type: "button", class: word === "cancel" ? "quiet danger" : "quiet",
      onclick: async (event) => {
        event.target.disabled = true;
        try {
          await post(`/v1/jobs/${one.job_id}/${word}`);
          notice("");
        } catch (error) {
          notice(error.message);
        }
        await again().catch(() => {});
      },
    }, label));
}

function facts(one) {
  const pairs = [
    ["Preset", one.preset], ["Case", one.case], ["Item", one.item], ["Asked for by", one.submitted_by],
    ["Asked for", when(one.created_at)], ["Begun", when(one.started_at)], ["Ended", when(one.finished_at)],
    ["Deadline", when(one.deadline_at)], ["Job", one.job_id],
  ].filter(([, value]) => value);
  return h("dl", {}, ...pairs.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, typeof value === "string" ? plain(value) : value)]));
}

// A browser shows these; the picture is fetched, and put on record, when somebody opens it.
const SHOWN = ["image/png", "image/jpeg", "image/webp", "image/avif"];

function look(outputs) {
  const file = outputs.find((each) => each.name.startsWith("enhanced") && SHOWN.includes(each.media_type));
  if (!file) return null;
  const place = h("details", {}, h("summary", {}, "Look at the result"));
  place.addEventListener("toggle", () => {
    if (place.open && !place.querySelector("img")) {
      place.append(h("img", { class: "result", src: `/v1/artifacts/${file.artifact}`, alt: `The result, ${plain(file.name)}` }));
    }
  });
  return place;
}

function results(one) {
  if (!one.outputs.length) return [];
  return [
    h("h2", {}, "Results"),
    h("ul", { class: "files" }, ...one.outputs.map((file) => h("li", {},
      h("a", { href: `/v1/artifacts/${file.artifact}`, download: file.name }, plain(file.name)),
      " ", h("span", { class: "dim" }, `${bytes(file.bytes)} · ${file.media_type}`),
      h("code", { class: "digest" }, file.artifact)))),
    look(one.outputs),
    h("p", { class: "dim" }, "Every fetch is on record. ", h("code", {}, "evident verify bundle.zip"), " checks the bundle on any machine, with no server."),
  ];
}
