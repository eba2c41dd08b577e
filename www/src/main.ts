// The page: a head with the band, the sections in the order of the visit, a foot.
//
// In: nothing but the browser. Out: the page, in the language and the theme that were chosen. The work is in the sections.

import { band, PATTERN, weave } from "./band.js";
import { countSection } from "./counts.js";
import { deviceLine, deviceSection, open } from "./device.js";
import { el, follow, frame, onLanguage, turn, type Say } from "./dom.js";
import { codeSection } from "./journal.js";
import { keepSection } from "./keep.js";
import { kernelSection } from "./kernels.js";
import { choose, language, texts, type Language } from "./language.js";
import { learnSection } from "./learn.js";
import { keepForOffline } from "./offline.js";
import { onHand } from "./shelf.js";
import { storySection } from "./story.js";
import { teller } from "./teller.js";
import { tokenSection } from "./tokens.js";

const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");

const isDark = (): boolean => (root.dataset["theme"] === undefined ? dark.matches : root.dataset["theme"] === "dark");

function themeSwitch(): HTMLElement {
  const toggle = el("button", { type: "button", class: "quiet" }, (t) => t.theme);
  const show = () => toggle.setAttribute("aria-pressed", String(isDark()));
  toggle.addEventListener("click", () => {
    root.dataset["theme"] = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("griot.theme", root.dataset["theme"]);
    } catch {
      // then it is not remembered
    }
    show();
  });
  dark.addEventListener("change", show);
  show();
  return toggle;
}

function languageSwitch(): HTMLElement {
  const names: [Language, string][] = [["fr", "Français"], ["en", "English"]];
  const buttons = names.map(([code, name]) => {
    const press = el("button", { type: "button", class: "quiet", lang: code }, name);
    onLanguage(() => press.setAttribute("aria-pressed", String(language() === code)));
    press.addEventListener("click", () => {
      choose(code);
      void follow();
    });
    return press;
  });
  return el("div", { class: "switch", role: "group", "aria-label": (t) => t.language }, ...buttons);
}

onLanguage(() => {
  root.lang = language();
  document.title = texts().title;
});

const cloth = band();
weave(cloth, PATTERN);

const links: [string, Say][] = [
  ["tell", (t) => t.story.short],
  ["tokens", (t) => t.tokens.title],
  ["learn", (t) => t.learn.title],
  ["keep", (t) => t.keep.title],
  ["counts", (t) => t.counts.title],
  ["device", (t) => t.device.title],
  ["kernels", (t) => t.kernels.title],
  ["code", (t) => t.code.title],
];
const nav = el("nav", { "aria-label": (t) => t.nav }, el("ul", {}, ...links.map(([id, name]) => el("li", {}, el("a", { href: `#${id}` }, name)))));

const woven = (ids: ArrayLike<number>): void => weave(cloth, ids);

/** The model that was trained or loaded tells too. */
function hearing(): HTMLElement {
  const own = teller({ id: "hear", part: "hear", name: "model", woven });
  const place = el("div", { class: "hear", hidden: true }, el("h3", {}, (t) => t.learn.hear), own.element);
  onHand((held) => {
    place.hidden = held === undefined;
    void own.use(held?.model, held?.beginning ?? "");
  });
  return place;
}

// The modules were evaluated in the task that ends here; what one arrives at is made in two more, and laid out in the next.
await turn();
const head = el(
  "header", {},
  el("div", { class: "bar-top" }, nav, el("div", { class: "switches" }, languageSwitch(), themeSwitch())),
  cloth,
  el("div", { class: "name" }, el("h1", { translate: "no" }, "griot"), el("p", { class: "lead" }, (t) => t.lead), el("p", { class: "line" }, deviceLine())),
);
await turn();
const main = el("main", { id: "main", tabindex: -1 }, storySection(woven));
await turn();
document.body.append(el("a", { class: "skip", href: "#main" }, (t) => t.skip), head, main, el("footer", {}, el("p", {}, (t) => t.foot)));

/** The rest of the page, a section at a turn, so that the first is alive at once. */
const rest = [
  () => tokenSection(woven), () => learnSection(hearing()), keepSection, countSection, deviceSection, kernelSection, codeSection,
];
for (const make of rest) {
  await frame();
  await turn();
  main.append(make());
}
document.getElementById(location.hash.slice(1))?.scrollIntoView();
void open();
keepForOffline();
