// Reads the JSON lines of `pleura classify --json` on standard input, checks each against the schema
// "pleura.result/1" (docs/result.schema.json), and prints file, outcome, and reasons or error code.
import { readFileSync } from "node:fs";
import { basename } from "node:path";

const schema = JSON.parse(
  readFileSync(new URL("../../docs/result.schema.json", import.meta.url), "utf8"),
);

const typeOf = (value) =>
  value === null ? "null" : Array.isArray(value) ? "array" : typeof value;

// As much of JSON Schema as that file uses; an unknown keyword is an error, so that none is passed
// over unseen.
const ignored = new Set(["$schema", "$id", "title", "description", "$defs"]);
const keywords = {
  type: (value, types) => [types].flat().some((type) => (type === "integer" ? Number.isInteger(value) : type === typeOf(value))),
  const: (value, wanted) => value === wanted,
  enum: (value, allowed) => allowed.includes(value),
  minimum: (value, least) => typeof value !== "number" || value >= least,
  maximum: (value, most) => typeof value !== "number" || value <= most,
  pattern: (value, pattern) => typeof value !== "string" || new RegExp(pattern).test(value),
  required: (value, keys) => typeOf(value) !== "object" || keys.every((key) => key in value),
  properties: (value, map) =>
    typeOf(value) !== "object" ||
    Object.entries(map).every(([key, rule]) => !(key in value) || valid(value[key], rule)),
  additionalProperties: (value, rule, whole) =>
    typeOf(value) !== "object" ||
    Object.keys(value).every((key) => key in (whole.properties ?? {}) || valid(value[key], rule)),
  items: (value, rule) => typeOf(value) !== "array" || value.every((item) => valid(item, rule)),
  anyOf: (value, rules) => rules.some((rule) => valid(value, rule)),
  $ref: (value, path) => valid(value, schema.$defs[path.replace("#/$defs/", "")]),
};

function valid(value, rule) {
  if (typeof rule === "boolean") return rule;
  return Object.entries(rule).every(([keyword, argument]) => {
    if (ignored.has(keyword)) return true;
    if (!(keyword in keywords)) throw new Error(`schema: the keyword ${keyword} is not known here`);
    return keywords[keyword](value, argument, rule);
  });
}

let failed = false;
for (const line of readFileSync(0, "utf8").split("\n").slice(0, -1)) {
  const row = JSON.parse(line);
  if (!valid(row, schema)) {
    console.log(`not of the schema: ${line}`);
    failed = true;
  }
  const why = row.error ? row.error.code : row.reasons.map((reason) => reason.code).join("+");
  console.log([basename(row.file), row.outcome ?? "error", why].filter(Boolean).join(" "));
}
process.exit(failed ? 1 : 0);
