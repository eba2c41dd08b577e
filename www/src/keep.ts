// Keep the model: in this browser, or as files; and take one in hand again.
//
// In: the model in hand, a name, files. Out: `opfs:` folders, a Hugging Face folder as one zip; a model in hand.

import { Model, storage, type Stored } from "griot";
import { alertLine, button, el, onLanguage, section } from "./dom.js";
import { did, literal, undone } from "./journal.js";
import { bytes, digits, language, texts } from "./language.js";
import { filesOf, inHand, onHand, progress, take } from "./shelf.js";
import { unzip, zip } from "./zip.js";

let kept: Stored[] = [];
let news = "";

const said = el("p", { class: "said", role: "status" });
const alert = alertLine();
const name = el("input", { id: "keep-name", type: "text", autocomplete: "off", spellcheck: "false", maxlength: 60 });
const keep = button((t) => t.keep.save, () => void save());
const download = button((t) => t.keep.download, () => void fetchAll(), "secondary");
const pick = el("input", { type: "file", id: "model-files", multiple: true });
const list = el("ul", { class: "kept", "aria-labelledby": "kept-title" });
const listed = el("div", { hidden: true }, el("h3", { id: "kept-title" }, (t) => t.keep.kept), list);

function draw(): void {
  const [t, held] = [texts().keep, inHand()];
  keep.disabled = download.disabled = held === undefined;
  const hand = held === undefined ? t.nothing : t.held(digits(held.model.parameters), digits(held.steps));
  said.textContent = news === "" ? hand : `${news} ${hand}`;
  if (name.value === "") name.value = t.name;
  listed.hidden = kept.length === 0;
  const date = new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "short" });
  list.replaceChildren(
    ...kept.map((one) => {
      const act = (label: string, words: string, press: () => void): HTMLElement => {
        const made = el("button", { type: "button", class: "secondary", "aria-label": words }, label);
        made.addEventListener("click", press);
        return made;
      };
      return el(
        "li", {}, el("b", {}, one.name), el("span", { class: "note" }, `${bytes(one.bytes)}, ${date.format(one.modified)}`),
        el("span", { class: "acts" }, act(t.open, `${t.open} ${one.name}`, () => void open(one.name)), act(t.remove, `${t.remove} ${one.name}`, () => void remove(one.name))),
      );
    }),
  );
}

async function look(): Promise<void> {
  try {
    kept = await storage.list();
  } catch {
    kept = []; // a browser without such storage keeps nothing
  }
  draw();
}

/** Does something with what is said of it; what fails is said as well. */
async function doing(busy: string, work: () => Promise<string>): Promise<void> {
  alert.clear();
  news = busy;
  draw();
  try {
    news = await work();
  } catch (error) {
    news = "";
    alert.show(error);
  }
  draw();
  await look();
}

/** In the code too, a model that was opened takes the place of the one before. */
function opened(how: string): void {
  undone("learn", "hear", "keep", "download");
  did("open", { names: ["Model"], lines: `const model = ${how}` });
}

async function save(): Promise<void> {
  if (!/^(?!\.)[^/\\\p{Cc}]+$/u.test(name.value.trim() || texts().keep.name)) {
    news = "";
    draw();
    return alert.say((t) => t.keep.badName);
  }
  await doing(texts().keep.saving, async () => {
    const [held, chosen] = [inHand(), name.value.trim() || texts().keep.name];
    if (held === undefined) return "";
    const training = held.goesOn;
    await held.model.save(`opfs:${chosen}`, { training });
    await take({ ...held, name: chosen });
    did("keep", { names: [], lines: `await model.save(${literal(`opfs:${chosen}`)}${training ? ", { training: true }" : ""});` });
    return texts().keep.saved(chosen);
  });
}

const open = (chosen: string): Promise<void> =>
  doing(texts().keep.loading, async () => {
    const model = await Model.load(`opfs:${chosen}`);
    name.value = chosen;
    await take({ model, ...(await progress(model)), beginning: texts().counts.first, name: chosen });
    opened(`await Model.load(${literal(`opfs:${chosen}`)});`);
    return texts().keep.loaded(digits(model.parameters));
  });

const remove = (chosen: string): Promise<void> =>
  doing("", async () => {
    await storage.remove(chosen);
    did("remove", { names: ["storage"], lines: `await storage.remove(${literal(chosen)});` });
    return texts().keep.removed(chosen);
  });

const fetchAll = (): Promise<void> =>
  doing(texts().keep.packing, async () => {
    const held = inHand();
    if (held === undefined) return "";
    const packed = await zip(await filesOf(held.model));
    const link = el("a", { href: URL.createObjectURL(packed), download: `${held.name ?? texts().keep.name}.zip` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    did("download", { names: [], lines: "const files = await model.files({ training: true });  // Map: config.json, model.safetensors, tokenizer.json …" });
    return texts().keep.downloaded(bytes(packed.size));
  });

async function load(given: File[]): Promise<void> {
  if (given.length === 0) return;
  await doing(texts().keep.loading, async () => {
    const only = given.length === 1 ? given[0] : undefined;
    const model = await Model.load(only?.name.endsWith(".zip") ? await unzip(only) : given);
    await take({ model, ...(await progress(model)), beginning: texts().counts.first });
    opened('await Model.load([...document.querySelector("input[type=file]").files]);');
    return texts().keep.loaded(digits(model.parameters));
  });
}

/** The section. */
export function keepSection(): HTMLElement {
  onLanguage(draw);
  onHand((held) => {
    draw();
    // A run keeps its checkpoints under a name of its own.
    if (held !== undefined) void look();
  });
  pick.addEventListener("change", () => void load([...(pick.files ?? [])]).finally(() => (pick.value = "")));
  const work = el(
    "div", { class: "drop" },
    el("div", { class: "row" }, el("label", { for: "keep-name" }, (t) => t.keep.under), name, keep, download), said, alert.element, listed,
    el("div", { class: "row" }, el("label", { class: "secondary pick" }, (t) => t.keep.files, pick), el("p", { class: "note" }, (t) => t.keep.filesAbout)),
  );
  work.addEventListener("dragover", (event) => event.preventDefault());
  work.addEventListener("drop", (event) => {
    event.preventDefault();
    void load([...(event.dataTransfer?.files ?? [])]);
  });
  void look();
  return section("keep", (t) => t.keep.title, (t) => t.keep.words, work);
}
