// The SQL editor of the audit console. Without it the page has a plain field.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { PostgreSQL, sql } from "@codemirror/lang-sql";
import { HighlightStyle, bracketMatching, syntaxHighlighting } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { EditorView, drawSelection, keymap, lineNumbers, placeholder } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--s-link)", fontWeight: "560" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--s-ok-ink)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--s-warn-ink)" },
  { tag: tags.comment, color: "var(--s-muted)", fontStyle: "italic" },
]);

const look = EditorView.theme({
  "&": { color: "var(--s-ink)", fontSize: "0.8125rem" },
  ".cm-content": { fontFamily: "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace", minHeight: "9rem", caretColor: "var(--s-ink)" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--s-muted)", border: "none" },
  ".cm-cursor": { borderLeftColor: "var(--s-ink)" },
  ".cm-placeholder": { color: "var(--s-muted)" },
  "&.cm-focused": { outline: "none" },
  ".cm-tooltip": { backgroundColor: "var(--s-surface, Canvas)", color: "var(--s-ink)", border: "1px solid var(--s-line)" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--s-primary)", color: "#fff" },
});

/** Words of the editor that a person may hear or see. */
const words = EditorState.phrases.of({ Completions: "Sugestões" });

/**
 * Typing over a selection. Left to itself, the browser keeps the look of what it replaces in a style attribute, which the
 * content policy refuses.
 */
const typeOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    if (event.inputType !== "insertText" || !event.data || view.state.selection.main.empty || /["'()[\]{}]/.test(event.data)) return false;
    view.dispatch(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
    event.preventDefault();
    return true;
  },
});

/** @param {HTMLTextAreaElement} field */
function edit(field) {
  const host = document.createElement("div");
  host.className = "console-editor";
  field.after(host);
  // Inside a shadow root the editor's style is a constructed sheet, which the content policy allows.
  const root = host.attachShadow({ mode: "open" });
  const schema = JSON.parse(field.dataset.schema || "{}");
  const form = field.form;
  const label = document.querySelector(`label[for="${field.id}"]`)?.textContent?.trim() ?? "SQL";
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: field.value,
      extensions: [
        lineNumbers(),
        history(),
        drawSelection(),
        bracketMatching(),
        closeBrackets(),
        autocompletion(),
        sql({ dialect: PostgreSQL, schema, upperCaseKeywords: true }),
        syntaxHighlighting(colours),
        look,
        words,
        typeOver,
        placeholder(field.placeholder),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": label }),
        // Tab goes on to the next control, so that the keyboard finds its way out.
        keymap.of([
          { key: "Mod-Enter", preventDefault: true, run: () => { form?.requestSubmit(); return true; } },
          ...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap,
        ]),
        EditorView.updateListener.of((update) => { if (update.docChanged) field.value = update.state.doc.toString(); }),
      ],
    }),
  });
  field.hidden = true;
  field.required = false;
  document.querySelector(`label[for="${field.id}"]`)?.addEventListener("click", () => view.focus());
  const keys = document.querySelector("[data-sql-keys]");
  if (keys instanceof HTMLElement) keys.hidden = false;
}

for (const field of document.querySelectorAll("textarea[data-sql]")) {
  if (field instanceof HTMLTextAreaElement) edit(field);
}
