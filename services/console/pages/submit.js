// A new job: files, a policy, a few wishes. Each file becomes a job of its own.

import { get, post, upload } from "./api.js";
import { bytes, h, name, notice, plain, show } from "./dom.js";

const PRESETS = [
  ["forensic-safe", "Conventional operations with given parameters, under ceilings that keep changes small. Delivered without loss."],
  ["balanced", "And estimated parameters, and networks that were trained for fidelity: content predicted from other images."],
  ["presentation", "And generative networks. Not for reading characters or identifying persons; the result says GENERATIVE in its name."],
];

const TASKS = ["super-resolve", "denoise"];

export async function submit(signal) {
  const known = (await get("/v1/models?limit=200", signal)).models.filter((one) => one.installed && TASKS.includes(one.task));
  const field = (id, label, control, hint) => h("div", { class: "field" }, h("label", { for: id }, label), control, hint ? h("p", { class: "dim" }, hint) : null);
  const files = h("input", { id: "files", type: "file", multiple: true, required: true, accept: "image/*,video/*,.dav,.h264,.264,.h265,.265,.mkv,.avi,.ts,.mxf" });
  const preset = h("select", { id: "preset" }, ...PRESETS.map(([name]) => h("option", { value: name }, name)));
  const policy = h("p", { class: "dim" }, PRESETS[0][1]);
  const scale = h("select", { id: "scale" }, ...[1, 2, 4].map((one) => h("option", { value: one }, one === 1 ? "keep it" : `${one} times`)));
  scale.value = "2";
  const network = h("select", { id: "network" }, h("option", { value: "" }, "as the preset has it"), ...known.map((one) => h("option", { value: one.name }, `${one.name}: ${one.title}`)));
  const text = (id, most) => h("input", { id, maxlength: most, autocomplete: "off" });
  const matter = { case: text("case", 200), item: text("item", 200), exhibit: text("exhibit", 200) };
  const note = h("textarea", { id: "note", maxlength: 4000, rows: 2 });
  const priority = h("select", { id: "priority" }, h("option", { value: "interactive" }, "somebody waits"), h("option", { value: "batch" }, "batch"));
  const list = h("ul", { class: "files", "aria-live": "polite" });
  const go = h("button", {}, "Upload and submit");
  preset.addEventListener("change", () => {
    policy.textContent = PRESETS.find(([name]) => name === preset.value)[1];
    network.disabled = preset.value === "forensic-safe";
  });
  network.disabled = true;

  const form = h("form", { class: "card" },
    h("h1", {}, "New job"),
    field("files", "Photographs or clips", files, "The bytes that are received are kept as they are."),
    field("preset", "Preset", preset), policy,
    field("scale", "Size", scale),
    field("network", "Network", network),
    h("fieldset", {}, h("legend", {}, "What it is for"),
      field("case", "Case", matter.case), field("item", "Item", matter.item), field("exhibit", "Exhibit", matter.exhibit),
      field("note", "Note", note, "Printed in the report.")),
    field("priority", "Priority", priority),
    go, list);

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    go.disabled = true;
    notice("");
    const made = [];
    for (const file of files.files) {
      const line = h("li", {}, name(file.name), " ", h("span", { class: "dim" }, bytes(file.size)));
      const bar = h("progress", { max: file.size || 1, value: 0, "aria-label": plain(file.name) });
      list.append(line);
      line.append(bar);
      try {
        const stored = await upload(file, (at) => { bar.value = at; }, signal);
        const job = await post("/v1/jobs", request(stored), { "Idempotency-Key": crypto.randomUUID() });
        made.push(job.job_id);
        line.replaceChildren(h("a", { href: `#/jobs/${job.job_id}` }, name(file.name)), " submitted");
      } catch (error) {
        if (error.name === "AbortError") return;
        line.replaceChildren(name(file.name), " ", h("b", { class: "bad" }, error.message));
      }
    }
    go.disabled = false;
    if (made.length === 1 && files.files.length === 1) location.hash = `#/jobs/${made[0]}`;
  });

  function request(stored) {
    const params = { scale: Number(scale.value) };
    if (network.value && !network.disabled) params.model = network.value;
    const asked = {
      pipeline: stored.media_type.startsWith("image/") ? "photo" : "video",
      preset: preset.value,
      inputs: { source: { artifact: stored.artifact } },
      params,
      priority: priority.value,
    };
    for (const [name, control] of Object.entries({ ...matter, note })) {
      if (control.value.trim()) asked[name] = control.value.trim();
    }
    return asked;
  }

  show(form);
}
