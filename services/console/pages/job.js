// One job: where it stands as it happens, what it made, and what may be done with it.

import { get, post } from "./api.js";
import { bytes, chip, freshness, h, meter, name, notice, plain, show, when } from "./dom.js";
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
  const fresh = freshness(async () => draw(live, await get(`/v1/jobs/${id}`, signal), fresh.look));
  draw(live, first, fresh.look);
  show(
    h("p", {}, h("a", { href: "#/jobs" }, "← Jobs")),
    h("h1", {}, first.name ? name(first.name) : "Job"),
    fresh.place,
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
      fresh.look();
    }, SOON_MS);
  }, fresh.look).then(fresh.look);
  // How far a step is shows in the job itself; an event tells only that a step began.
  const again = setInterval(() => {
    if (!document.hidden && live.querySelector("progress")) fresh.look();
  }, AGAIN_MS);
  signal.addEventListener("abort", () => clearInterval(again));
}

function told(event) {
  const data = Object.entries(event.data || {}).filter(([, value]) => value !== 0).map(([key, value]) => `${key} ${typeof value === "object" ? JSON.stringify(value) : value}`);
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
        await again();
      },
    }, label));
}

function facts(one) {
  const pairs = [
    ["Preset", one.preset], ["Case", one.case], ["Item", one.item], ["Asked for by", one.submitted_by],
    ["Asked for", when(one.created_at)], ["Begun", when(one.started_at)], ["Ended", when(one.finished_at)],
    ["Deadline", when(one.deadline_at)], ["Job", one.job_id],
  ].filter(([, value]) => value);
  return h("dl", {}, ...pairs.flatMap(([label, value]) => [h("dt", {}, label), h("dd", {}, typeof value === "string" ? name(value) : value)]));
}

const PICTURES = [["before", "As received"], ["after", "As delivered"]];

// Small pictures, made when somebody opens this: looking is an access, and put on record.
function look(one) {
  const place = h("details", { class: "pictures" }, h("summary", {}, "Look at it, before and after"));
  place.addEventListener("toggle", () => {
    if (!place.open || place.querySelector("figure")) return;
    const figures = PICTURES.map(([which, label]) => h("figure", {},
      h("img", {
        class: "result", src: `/v1/jobs/${one.job_id}/previews/${which}`, alt: `${label}, small`,
        onerror: (event) => event.target.replaceWith(h("p", { class: "dim" }, "There is no picture of it, or this key may not look.")),
      }),
      h("figcaption", { class: "dim" }, label)));
    place.append(h("div", { class: "row" }, ...figures), h("p", { class: "dim" }, "Made small and lossy for looking; of a clip, one frame of its middle. The files above are the results."));
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
    look(one),
    h("p", { class: "dim" }, "Every fetch is on record. ", h("code", {}, "evident verify bundle.zip"), " checks the bundle on any machine, with no server."),
  ];
}
