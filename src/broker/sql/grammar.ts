/**
 * The grammar of SQL92 filters (RocketMQ: filter module, ExpressionType SQL92), for the parser generator peggy.
 * Loosest first: OR; AND; equality; comparison; signs and NOT; a value or parentheses. Every choice is decided
 * by the next token, so that parsing takes time in proportion to the text. The actions call `options.tree`
 * (`tree.ts`), which checks what only makes sense for some operands.
 *
 * Pure.
 */
export const SQL_GRAMMAR = String.raw`
Filter = _ root:Or !. { return options.tree.truth(root, 0) }

Or = first:And rest:(OR_ @And)*
  { return options.tree.any(first, rest, offset()) }

And = first:Equality rest:(AND_ @Equality)*
  { return options.tree.all(first, rest, offset()) }

Equality = first:Comparison rest:EqualityTail*
  { return rest.reduce((left, tail) => tail(left), first) }

EqualityTail
  = "=" _ right:Comparison
    { const at = offset(); return (left) => options.tree.equal(left, right, at) }
  / "<>" _ right:Comparison
    { const at = offset(); return (left) => options.tree.notEqual(left, right, at) }
  / IS_ not:NOT_? NULL_
    { return (left) => options.tree.isNull(left, not !== null) }

Comparison = first:Unary rest:ComparisonTail*
  { return rest.reduce((left, tail) => tail(left), first) }

ComparisonTail
  = operator:Order right:Unary
    { const at = offset(); return (left) => options.tree.order(operator, left, right, at) }
  / not:NOT_? tail:NegatableTail
    { const at = offset(); return (left) => tail(left, not !== null, at) }

Order = @(">=" / "<=" / ">" / $("<" !">")) _

NegatableTail
  = how:Search text:String
    { return (left, not) => options.tree.search(how, left, text, not) }
  / BETWEEN_ low:Unary AND_ high:Unary
    { return (left, not, at) => options.tree.between(left, low, high, not, at) }
  / IN_ "(" _ texts:Texts ")" _
    { return (left, not, at) => options.tree.in(left, texts, not, at) }

Search = CONTAINS_ / STARTSWITH_ / ENDSWITH_

Texts = first:String rest:("," _ @String)*
  { return [first, ...rest] }

Unary = signs:Sign* operand:Primary
  { return options.tree.signed(signs, operand, offset()) }

Sign = "+" _ { return "+" } / "-" _ { return "-" } / NOT_

Primary
  = text:String { return options.tree.text(text) }
  / Number
  / TRUE_ { return options.tree.constant(true) }
  / FALSE_ { return options.tree.constant(false) }
  / NULL_ { return options.tree.constant(null) }
  / name:Name { return options.tree.property(name) }
  / Open inside:Or Close { return inside }

Open = "(" _ { options.tree.open(offset()) }
Close = ")" _ { options.tree.close() }

Number
  = digits:$(([0-9]+ "." [0-9]* Exponent?) / ("." [0-9]+ Exponent?) / ([0-9]+ Exponent)) _
    { return options.tree.double(digits, offset()) }
  / digits:$("0" / [1-9] [0-9]*) (&{ return digits !== "0" } [lL])? _
    { return options.tree.integer(digits, offset()) }

Exponent = [eE] [+-]? [0-9]+

String = "'" parts:("''" { return "'" } / $[^']+)* "'" _
  { return parts.join("") }

Name = !Keyword @$([A-Za-z_$] NamePart*) _
NamePart = [A-Za-z0-9_$]

Keyword = ("NOT"i / "AND"i / "OR"i / "BETWEEN"i / "IN"i / "TRUE"i / "FALSE"i / "NULL"i / "IS"i
  / "CONTAINS"i / "STARTSWITH"i / "ENDSWITH"i) !NamePart

NOT_ = "NOT"i !NamePart _ { return "NOT" }
AND_ = "AND"i !NamePart _
OR_ = "OR"i !NamePart _
BETWEEN_ = "BETWEEN"i !NamePart _
IN_ = "IN"i !NamePart _
IS_ = "IS"i !NamePart _
TRUE_ = "TRUE"i !NamePart _
FALSE_ = "FALSE"i !NamePart _
NULL_ = "NULL"i !NamePart _
CONTAINS_ = "CONTAINS"i !NamePart _ { return "contains" }
STARTSWITH_ = "STARTSWITH"i !NamePart _ { return "startsWith" }
ENDSWITH_ = "ENDSWITH"i !NamePart _ { return "endsWith" }

_ = ([ \t\n\r\f]+ / "--" [^\n\r]* / "/*" (!"*/" .)* "*/")*
`
