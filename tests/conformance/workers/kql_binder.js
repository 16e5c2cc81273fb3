// Judges KQL with Microsoft's own parser and binder (npm @kusto/language-service-next) over the tables of a product.
// Usage: node kql_binder.js ENVIRONMENT TABLES.json… - then requests, as in harness/worker.py.
// A file of tables is {"<target>": {"<table>": {"<column>": "<type>"}}}; later files add to earlier ones.
const fs = require('fs');
const path = require('path');
const readline = require('readline');

const [environment, ...files] = process.argv.slice(2);
const modules = path.join(environment, 'node_modules', '@kusto', 'language-service-next');
require(path.join(modules, 'bridge.min.js'));
require(path.join(modules, 'Kusto.Language.Bridge.min.js'));
const { KustoCode, GlobalState, Symbols } = Kusto.Language;

// What the schemas call types, in Kusto's words: https://learn.microsoft.com/kusto/query/scalar-data-types/
const TYPES = {
  bool: 'bool', boolean: 'bool', datetime: 'datetime', 'date/time': 'datetime', dynamic: 'dynamic', guid: 'guid',
  int: 'int', integer: 'int', long: 'long', bigint: 'long', real: 'real', double: 'real', string: 'string',
  timespan: 'timespan',
};

// https://learn.microsoft.com/azure/sentinel/watchlists-queries
const FUNCTIONS = [['_GetWatchlist', '(alias:string)', '{ datatable(SearchKey:string)[] }']];

function globals(tables) {
  const columns = (table) =>
    `(${Object.entries(table).map(([name, type]) => `['${name}']:${TYPES[String(type).toLowerCase()] || 'string'}`)})`;
  const symbols = [
    ...Object.entries(tables).map(([name, table]) => new Symbols.TableSymbol.$ctor7(name, columns(table), null)),
    ...FUNCTIONS.map(([name, parameters, body]) => new Symbols.FunctionSymbol.$ctor16(name, parameters, body, null)),
  ];
  const database = new Symbols.DatabaseSymbol.ctor('db', symbols);
  const cluster = new Symbols.ClusterSymbol.ctor('c', [database]);
  return GlobalState.Default.WithCluster(cluster).WithDatabase(database);
}

const products = {};
for (const file of files) {
  for (const [target, tables] of Object.entries(JSON.parse(fs.readFileSync(file, 'utf8')))) {
    products[target] = { ...products[target], ...tables };
  }
}
const states = Object.fromEntries(Object.entries(products).map(([target, tables]) => [target, globals(tables)]));

function columnsOf(code) {
  const type = code.ResultType;
  const names = new Set();
  for (let i = 0; type && type.Columns && i < type.Columns.Count; i++) names.add(type.Columns.getItem(i).Name);
  return names;
}

// Errors and warnings of a rule, and the columns of the entity that its result does not have.
function problems(rule, state) {
  const code = KustoCode.ParseAndAnalyze(rule.text, state);
  const found = [];
  const diagnostics = code.GetDiagnostics();
  for (let i = 0; i < diagnostics.Count; i++) {
    const d = diagnostics.getItem(i);
    if (d.Severity === 'Error' || d.Severity === 'Warning') {
      const place = rule.text.slice(0, d.Start).split('\n').length;
      found.push(`${d.Code}, line ${place}: ${d.Message} (at \`${rule.text.substr(d.Start, Math.min(d.Length, 60))}\`)`);
    }
  }
  const columns = columnsOf(code);
  const missing = rule.reads.filter((read) => read.column !== null && !columns.has(read.column));
  return [...found, ...missing.map((read) => `the result has no column \`${read.column}\` for \`${read.field}\``)];
}

const operations = {
  parse({ rules, site }) {
    const added = site.settings.columns;
    const state = added ? globals({ ...products[site.target], ...added }) : states[site.target];
    if (!state) throw new Error(`no tables are known for target \`${site.target}\``);
    return rules.flatMap((rule) => problems(rule, state));
  },
};

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const { op, ...request } = JSON.parse(line);
  let answer;
  try {
    answer = { ok: operations[op](request) };
  } catch (error) {
    answer = { failed: String(error.stack || error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
});
