// Holds SARIF files against the published schema: node check_sarif.js FILE…
// The schema is SARIF 2.1.0's, as https://json.schemastore.org/sarif-2.1.0-rtm.5.json gives it.
"use strict";
const fs = require("fs");
const path = require("path");

const modules = path.resolve(process.env.NODE_MODULES);
const Ajv = require(path.join(modules, "ajv"));
const schema = require(path.join(modules, "@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"));

const ajv = new Ajv({ schemaId: "auto", allErrors: true, unknownFormats: ["uri-reference"] });
ajv.addMetaSchema(require(path.join(modules, "ajv/lib/refs/json-schema-draft-04.json")));
const validate = ajv.compile(schema);

/** What the schema says against a log. */
function faults(log) {
  return validate(log) ? [] : validate.errors.map((error) => `${error.dataPath || "the log"} ${error.message}`);
}

let failed = false;
const findings = (log) => log.runs.flatMap((run) => run.results).length;
for (const file of process.argv.slice(2)) {
  const log = JSON.parse(fs.readFileSync(file, "utf8"));
  const found = faults(log);
  // A validator that takes everything would prove nothing.
  const broken = { ...log, runs: [{ ...log.runs[0], results: [{ level: "fatal" }] }] };
  if (faults(broken).length === 0) found.push("a result without a message passes: the schema is not applied");
  found.forEach((fault) => console.error(`${file}: ${fault}`));
  failed ||= found.length > 0;
  console.log(`${path.basename(file)}: ${findings(log)} findings, valid SARIF 2.1.0: ${found.length === 0}`);
}
process.exit(failed ? 1 : 0);
