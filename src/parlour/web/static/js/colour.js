// Quiet colours for code: words, strings, numbers and comments of the usual languages.

const WORDS = new Set((
  "abstract and as async await begin bool break by case catch char class const continue create " +
  "def default defer del delete distinct do double drop elif else end enum except export extends " +
  "false final finally fn for foreach from func function go group having if impl implements import " +
  "in index insert int interface into is join lambda left let limit match mod mut namespace new nil " +
  "none not null of offset on or order package pass private protected public pub raise return select " +
  "self set static string struct super switch table then this throw true try type union unless " +
  "unique until update use using values var view void where while with yield explain analyze vacuum " +
  "alter add column primary key references echo fi done export local esac sudo"
).split(" "));
const HASH = /^(python|py|sh|bash|shell|zsh|console|ruby|rb|yaml|yml|toml|perl|r|dockerfile|make|makefile|ini|conf|nix)$/i;
const DASH = /^(sql|plpgsql|psql|lua|haskell|hs|ada|elm)$/i;
const PLAIN = /^(text|txt|plain|output|log|diff|code)$/i;
const LONGEST = 20000;

/** Wrap the parts of a finished <code> in spans; its text stays the same. */
export function colour(code) {
  const language = code.closest("figure")?.querySelector(".code__head span")?.textContent ?? "";
  const text = code.textContent;
  if (PLAIN.test(language) || text.length > LONGEST || code.querySelector(".k, .s, .n, .c")) return;
  const comment = HASH.test(language) ? "(?:^|\\s)#.*" : DASH.test(language) ? "--.*" : "\\/\\/.*";
  const pattern = new RegExp(
    `(${comment}|\\/\\*[^]*?\\*\\/|<!--[^]*?-->)` +
    `|("(?:\\\\.|[^"\\\\\\n])*"|'(?:\\\\.|[^'\\\\\\n])*'|\`(?:\\\\.|[^\`\\\\])*\`)` +
    `|\\b(\\d[\\d_.]*(?:e[+-]?\\d+)?|0x[\\da-f]+)\\b|([A-Za-z_]\\w*)`, "gim");
  const out = document.createDocumentFragment();
  let at = 0;
  for (const found of text.matchAll(pattern)) {
    const [whole, remark, string, number, name] = found;
    const kind = remark ? "c" : string ? "s" : number ? "n" : WORDS.has(name.toLowerCase()) ? "k" : "";
    if (!kind) continue;
    const span = document.createElement("span");
    span.className = kind;
    span.textContent = whole;
    out.append(text.slice(at, found.index), span);
    at = found.index + whole.length;
  }
  out.append(text.slice(at));
  code.replaceChildren(out);
}
