// The functions and rules of azuredeploy.json in Microsoft's own parser and binder (npm @kusto/language-service-next).
// Usage: node bind_sentinel.js NODE_ENVIRONMENT AZUREDEPLOY.json TARGET_FOLDER
//
// Every function is known to the binder with its real body, so that a column which a function does not give is an error in
// the rule that reads it. The tables that the target's data name are not known here: only that they are not there is let pass.
const fs = require('fs');
const path = require('path');

const [environment, template, target] = process.argv.slice(2);
const modules = path.join(environment, 'node_modules', '@kusto', 'language-service-next');
require(path.join(modules, 'bridge.min.js'));
require(path.join(modules, 'Kusto.Language.Bridge.min.js'));
const { KustoCode, GlobalState, Symbols } = Kusto.Language;

function textsBelow(folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const below = path.join(folder, entry.name);
    if (entry.isDirectory()) return textsBelow(below);
    return entry.name.endsWith('.yaml') ? [fs.readFileSync(below, 'utf8')] : [];
  });
}

const named = new Set(textsBelow(target).flatMap((text) => text.match(/\b[A-Za-z]\w+\b/g) || []));
const resources = JSON.parse(fs.readFileSync(template, 'utf8')).resources;
const of = (type) => resources.filter((one) => one.type.endsWith(type)).map((one) => one.properties);
const functions = of('/savedSearches').map((one) => [one.functionAlias, one.query]);
const rules = of('/alertRules').map((one) => [one.displayName, one.query]);
const symbols = [
  // https://learn.microsoft.com/azure/sentinel/watchlists-queries
  ['_GetWatchlist', '(alias:string)', '{ datatable(SearchKey:string)[] }'],
  ...functions.map(([name, query]) => [name, '()', `{ ${query} }`]),
].map(([name, parameters, body]) => new Symbols.FunctionSymbol.$ctor16(name, parameters, body, null));
const database = new Symbols.DatabaseSymbol.ctor('db', symbols);
const cluster = new Symbols.ClusterSymbol.ctor('c', [database]);
const state = GlobalState.Default.WithCluster(cluster).WithDatabase(database);

let wrong = 0;
for (const [name, text] of [...functions, ...rules]) {
  const found = KustoCode.ParseAndAnalyze(text, state).GetDiagnostics();
  for (let i = 0; i < found.Count; i++) {
    const d = found.getItem(i);
    const at = text.substr(d.Start, d.Length);
    if (!['Error', 'Warning'].includes(d.Severity) || (d.Code === 'KS204' && named.has(at))) continue;
    wrong++;
    console.log(`${name}: ${d.Code}: ${d.Message} (at \`${text.substr(d.Start, 60)}\`)`);
  }
}
if (!functions.length || !rules.length) {
  wrong++;
  console.log(`${template} holds ${functions.length} functions and ${rules.length} rules`);
}
console.log(wrong ? `${wrong} problems` : `${functions.length} functions and ${rules.length} rules bind`);
process.exit(wrong ? 1 : 0);
