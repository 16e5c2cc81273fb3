// Reads the literals of KQL queries with Microsoft's own parser: JSON list of queries in, JSON list of lists of [kind, value] out.
require('@kusto/language-service-next/bridge.min.js');
require('@kusto/language-service-next/Kusto.Language.Bridge.min.js');
const { KustoCode, Syntax } = Kusto.Language;

function literals(node, found) {
  if (Bridge.getTypeName(node) === 'Kusto.Language.Syntax.LiteralExpression') found.push(literal(node));
  for (let i = 0; i < node.ChildCount; i += 1) {
    const child = node.GetChild(i);
    if (child) literals(child, found);
  }
  return found;
}

function literal(node) {
  const kind = Syntax.SyntaxKind[node.Kind] || String(node.Kind);
  const text = node.toString(0).trim();
  return typeof node.LiteralValue === 'string' ? ['text', node.LiteralValue] : [kind, text];
}

function read(query) {
  const code = KustoCode.Parse(query);
  const problems = code.GetDiagnostics();
  if (problems.Count > 0) return { error: problems.getItem(0).Message };
  return literals(code.Syntax, []);
}

const queries = JSON.parse(require('fs').readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify(queries.map(read)));
