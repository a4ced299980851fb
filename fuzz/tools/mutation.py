"""Makes mutants of C: copies of a source with one small thing changed, as a bug would.

`mutants_of(path, text)` returns them all, in the order of the text. Comments, strings,
directives, static assertions and declarations of types are left alone, but for tables
and numbers that a `#define` names. A mutant may be one that does not compile; a compiler
tells.
"""

import collections
import re

# The kinds of mutants, each with what it does.
KINDS = {
    "comparison": "a comparison is the opposite one",
    "boundary": "a comparison takes its boundary in or leaves it out",
    "number": "a number is one more or one less",
    "constant": "a named value is its neighbour",
    "arithmetic": "an operator is its counterpart",
    "logical": "and is or, or is and; a negation is gone",
    "condition": "a condition is negated",
    "statement": "a call, an assignment, or a jump is gone",
    "cell": "two neighbours in a table change places",
    "result": "a function returns another value",
}

Mutant = collections.namedtuple(
    "Mutant", "path kind line function before after nth begin end replacement")

TOKEN = re.compile(r"""
    (?P<space>\s+|//[^\n]*|/\*.*?\*/)
  | (?P<directive>(?<![^\n])[ \t]*\#(?:\\\n|[^\n])*)
  | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
  | (?P<number>\.?[0-9](?:[eEpP][+-]|[\w.])*)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<mark><<=|>>=|\.\.\.|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|.)
""", re.X | re.S)
Token = collections.namedtuple("Token", "kind text begin end")

TYPE_WORDS = {"void", "char", "int", "unsigned", "signed", "short", "long", "float",
              "double", "bool", "_Bool", "const", "volatile", "struct", "union", "enum",
              "static", "extern", "inline", "register", "restrict", "_Alignas"}
KEYWORDS = {"if", "else", "while", "for", "do", "switch", "case", "default", "return",
            "break", "continue", "goto", "sizeof"}
OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
BOUNDARY = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
BINARY = {"+": "-", "-": "+", "*": "+", "/": "*", "%": "/", "<<": ">>", ">>": "<<",
          "&": "|", "|": "&", "^": "&"}
OTHER = {"+=": "-=", "-=": "+=", "*=": "+=", "/=": "*=", "%=": "/=", "&=": "|=",
         "|=": "&=", "^=": "|=", "<<=": ">>=", ">>=": "<<=", "++": "--", "--": "++"}
ASSIGN = {"=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>=", "++", "--"}
PAIRS = {"(": ")", "[": "]", "{": "}"}


def tokens_of(text):
    """Returns the tokens of C, without white space and comments."""
    found = []
    for match in TOKEN.finditer(text):
        if match.lastgroup != "space":
            found.append(Token(match.lastgroup, match.group(), match.start(), match.end()))
    return found


def partners(tokens):
    """Returns a dict: index of each bracket, index of the one it belongs to."""
    found, stack = {}, []
    for i, token in enumerate(tokens):
        if token.kind == "mark" and token.text in PAIRS:
            stack.append(i)
        elif token.kind == "mark" and token.text in PAIRS.values() and stack:
            begin = stack.pop()
            found[begin], found[i] = i, begin
    return found


def is_type(name):
    return name in TYPE_WORDS or name.endswith("_t")


class Source:
    """One C file, cut up."""

    def __init__(self, path, text, types=()):
        self.path = path
        self.text = text
        self.types = set(types) | set(re.findall(r"^\}\s*(\w+);", text, re.M))
        self.all = tokens_of(text)
        self.tokens = [token for token in self.all if token.kind != "directive"]
        self.partner = partners(self.tokens)
        self.found = []
        self.function = ""
        self.neighbours = self.named_values()

    def is_type(self, name):
        return is_type(name) or name in self.types

    def word(self, i):
        return self.tokens[i].text if 0 <= i < len(self.tokens) else ""

    def kind(self, i):
        return self.tokens[i].kind if 0 <= i < len(self.tokens) else ""

    # ---------------------------------------------------------------- making

    def add(self, kind, begin, end, replacement):
        """Notes the mutant that has `replacement` in place of text[begin:end]."""
        # Lines keep their numbers.
        replacement += "\n" * (self.text.count("\n", begin, end) - replacement.count("\n"))
        if replacement == self.text[begin:end]:
            return
        first = self.text.rfind("\n", 0, begin) + 1
        last = self.text.find("\n", end)
        last = len(self.text) if last < 0 else last
        before = " ".join(self.text[first:last].split())
        after = " ".join((self.text[first:begin] + replacement +
                          self.text[end:last]).split())
        self.found.append(Mutant(self.path, kind, self.text.count("\n", 0, begin) + 1,
                                 self.function, before, after, 0, begin, end, replacement))

    def change(self, kind, i, replacement):
        self.add(kind, self.tokens[i].begin, self.tokens[i].end, replacement)

    def mutants(self):
        """Returns all mutants, each with how many like it came before in its function."""
        self.top_level()
        for token in self.all:
            if token.kind == "directive":
                self.directive(token)
        unique, seen, count = [], set(), collections.Counter()
        for mutant in sorted(self.found, key=lambda m: (m.begin, m.end, m.replacement)):
            place = (mutant.begin, mutant.end, mutant.replacement)
            key = (mutant.function, mutant.before, mutant.after)
            if place not in seen:
                seen.add(place)
                unique.append(mutant._replace(nth=count[key]))
                count[key] += 1
        return unique

    # ------------------------------------------------------------- structure

    def top_level(self):
        i = 0
        while i < len(self.tokens):
            begin = i
            while i < len(self.tokens) and self.word(i) not in (";", "{"):
                i = self.partner.get(i, i) + 1 if self.word(i) in ("(", "[") else i + 1
            if self.word(i) == "{":
                end = self.partner.get(i, len(self.tokens))
                self.braces(begin, i, end)
                i = end
                if self.word(i + 1) == ";":
                    i += 1
            i += 1

    def braces(self, begin, at, end):
        """Looks at what stands at the top level with braces: tokens[begin .. end]."""
        head = [token.text for token in self.tokens[begin:at]]
        if "=" in head:
            self.function = self.word(begin + head.index("=") - 1)
            for j in range(begin, at):
                if self.word(j) == "[":
                    self.function = self.word(j - 1)
                    break
            self.table(at, end)
        elif head and head[-1] == ")" and head[0] not in ("enum", "struct", "typedef"):
            name = self.partner[at - 1] - 1
            self.function = self.word(name)
            self.body(at + 1, end, [token.text for token in self.tokens[begin:name]])
        self.function = ""

    def named_values(self):
        """Returns a dict: a constant that the file names, the next of its kind."""
        groups = []
        for match in re.finditer(r"^(?:typedef )?enum\s*(?:\w+\s*)?\{([^{}]*)\}", self.text,
                                 re.M):
            plain = re.sub(r"//[^\n]*|/\*.*?\*/", "", match.group(1), flags=re.S)
            groups.append(re.findall(r"(?:^|,)\s*(\w+)", plain))
        run = []
        for line in self.text.splitlines() + [""]:
            match = re.match(r"#define (\w+) (SMTPC_[A-Z]+)_\w+$", line)
            if match:
                if run and run[-1][1] != match.group(2):
                    groups.append([name for name, _ in run])
                    run = []
                run.append(match.groups())
            elif run:
                groups.append([name for name, _ in run])
                run = []
        return {name: group[(i + 1) % len(group)] for group in groups if len(group) > 1
                for i, name in enumerate(group)}

    # ---------------------------------------------------------------- tables

    def parts(self, begin, end):
        """Splits tokens[begin:end] at the commas of its own level."""
        parts, first, i = [], begin, begin
        while i < end:
            if self.word(i) in PAIRS:
                i = self.partner.get(i, i)
            elif self.word(i) == ",":
                parts.append((first, i))
                first = i + 1
            i += 1
        if first < end:
            parts.append((first, end))
        return parts

    def table(self, begin, end):
        """Mutates an initialiser; `begin` and `end` are its braces."""
        parts = self.parts(begin + 1, end)
        for (a, a_end), (b, b_end) in zip(parts, parts[1:]):
            self.swap([(self.tokens[a].begin, self.tokens[a_end - 1].end),
                       (self.tokens[b].begin, self.tokens[b_end - 1].end)])
        for a, a_end in parts:
            if self.word(a) == "{" and self.partner.get(a) == a_end - 1:
                self.table(a, a_end - 1)
            elif a_end - a == 1 and self.kind(a) == "number" and len(parts) > 1:
                self.number(a)

    def swap(self, places):
        (a, a_end), (b, b_end) = places
        first, second = self.text[a:a_end], self.text[b:b_end]
        if " ".join(first.split()) != " ".join(second.split()) and "#" not in first + second:
            self.add("cell", a, b_end, second + self.text[a_end:b] + first)

    def directive(self, token):
        """Mutates `#define NAME number`, and rows of a `#define` that is a table."""
        number = re.match(r"\s*#define \w+ (\d+)u?$", token.text)
        if number:
            for other in neighbours_of(number.group(1)):
                self.add("number", token.begin + number.start(1),
                         token.begin + number.end(1), other)
        rows = list(re.finditer(r"\bX\(([^()\"]*(?:\"[^\"]*\")?)\)", token.text))
        for row in rows[1:] if len(rows) > 3 else []:
            cells = list(re.finditer(r"\s*([^,]+)", row.group(1)))
            for a, b in zip(cells[1:], cells[2:]):
                if '"' not in a.group(1) + b.group(1):
                    base = token.begin + row.start(1)
                    self.swap([(base + a.start(1), base + a.end(1)),
                               (base + b.start(1), base + b.end(1))])

    # ------------------------------------------------------------- functions

    def body(self, begin, end, returns):
        self.statement(begin)
        i = begin
        while i < end:
            word, kind = self.word(i), self.kind(i)
            if word == "_Static_assert":
                i = self.partner[i + 1]
            elif word in ("enum", "struct", "union") and self.word(i + 1) == "{":
                i = self.partner[i + 1]
            elif word == "=" and self.word(i + 1) == "{":
                self.table(i + 1, self.partner[i + 1])
                i = self.partner[i + 1]
            elif kind == "mark":
                self.mark(i)
            elif kind == "number":
                self.number(i)
            elif kind == "name":
                self.name(i, end, returns)
            i += 1

    def is_binary(self, i):
        """Says whether the operator at `i` stands between two operands."""
        before, kind = self.word(i - 1), self.kind(i - 1)
        if before == ")":
            inside = range(self.partner[i - 1] + 1, i - 1)
            words = [self.word(j) for j in inside if self.word(j) != "*"]
            return not (words and all(self.is_type(word) for word in words))
        if kind == "name":
            return before not in KEYWORDS and not self.is_type(before)
        return kind == "number" or before == "]"

    def is_comparison(self, begin, end):
        """Says whether a condition is one comparison or one negation, whose own mutant
        negates it already."""
        words = []
        while begin < end:
            words.append(self.word(begin))
            begin = self.partner[begin] + 1 if self.word(begin) in ("(", "[") else begin + 1
        return not {"&&", "||"} & set(words) and ("!" in words or
                                                  bool(OPPOSITE.keys() & set(words)))

    def mark(self, i):
        word = self.word(i)
        if word in OPPOSITE:
            self.change("comparison", i, OPPOSITE[word])
            if word in BOUNDARY:
                self.change("boundary", i, BOUNDARY[word])
        elif word in BINARY and self.is_binary(i):
            self.change("arithmetic", i, BINARY[word])
        elif word in OTHER:
            self.change("arithmetic", i, OTHER[word])
        elif word in ("&&", "||"):
            self.change("logical", i, "||" if word == "&&" else "&&")
        elif word == "!":
            self.change("logical", i, "")
        elif word == "~":
            self.change("arithmetic", i, "")
        elif word == "?":
            begin = i
            while self.word(begin - 1) not in ("=", "return", "(", ",", ";", "{", "[", ":"):
                begin = self.partner.get(begin - 1, begin - 1)
            if not self.is_comparison(begin, i):
                self.change("condition", i, "== 0 ?")
        if word in ("{", "}", ";") and self.word(i + 1) not in ("}", ""):
            self.statement(i + 1)

    def number(self, i):
        for other in neighbours_of(self.word(i)):
            self.change("number", i, other)

    def name(self, i, end, returns):
        word = self.word(i)
        if word in ("if", "while") and self.word(i + 1) == "(":
            last = self.partner[i + 1]
            inside = self.text[self.tokens[i + 1].end:self.tokens[last].begin]
            if not self.is_comparison(i + 2, last):
                self.add("condition", self.tokens[i + 1].end, self.tokens[last].begin,
                         "!(%s)" % inside)
        elif word == "return":
            self.result(i, end, returns)
        elif word in ("else", "do") and self.word(i + 1) not in ("{", "if"):
            self.statement(i + 1)
        elif word == "SMTPC_OK":
            self.change("constant", i, "SMTPC_E_STATE")
        elif word.startswith("SMTPC_E_"):
            self.change("constant", i, "SMTPC_E_ARGUMENT" if word != "SMTPC_E_ARGUMENT"
                        else "SMTPC_E_STATE")
        elif word in self.neighbours:
            self.change("constant", i, self.neighbours[word])

    def statement(self, i):
        """Takes away the statement that begins at `i`, if it is a single one."""
        if self.kind(i) not in ("name", "mark"):
            return
        word = self.word(i)
        if word in ("break", "continue"):
            self.change("statement", i, "")
            return
        begin, words = i, []
        while i < len(self.tokens) and self.word(i) not in (";", "{", "}"):
            words.append(self.word(i))
            i = self.partner[i] + 1 if self.word(i) in ("(", "[") else i + 1
        if self.word(i) != ";" or not words or words[0] in KEYWORDS:
            return
        # A declaration has a type first.
        if self.is_type(words[0]) or words[0] == "_Static_assert" or (
                self.kind(begin) == "name" and self.kind(begin + 1) == "name"):
            return
        call = words == [words[0], "("] or (words[0] == "(" and words[-1:] == ["("])
        if call or ASSIGN & set(words):
            self.add("statement", self.tokens[begin].begin, self.tokens[i - 1].end, "")

    def result(self, i, end, returns):
        """Lets `return` at `i` return something else, where it returns a number."""
        if "*" in returns or "void" in returns or self.word(i + 1) == ";":
            return
        last = i + 1
        while last < end and self.word(last) != ";":
            last = self.partner[last] + 1 if self.word(last) in ("(", "[") else last + 1
        begin, stop = self.tokens[i + 1].begin, self.tokens[last - 1].end
        value = self.text[begin:stop]
        if "bool" in returns:
            other = {"true": "false", "false": "true"}.get(value, "!(%s)" % value)
            self.add("result", begin, stop, other)
        elif "smtpc_status" in returns:
            self.add("result", begin, stop, "SMTPC_OK")
        elif any(is_type(word) and word not in ("static", "const", "struct")
                 for word in returns):
            if not re.fullmatch(r"[0-9]+u?", value):
                self.add("result", begin, stop, "0")
                self.add("result", begin, stop, "1")


def neighbours_of(number):
    """Returns a number's neighbours, in its own form."""
    match = re.fullmatch(r"(0[xX][0-9a-fA-F]+|0[0-7]+|[0-9]+)([uUlL]*)", number)
    if not match:
        return []
    value = int(match.group(1), 16 if match.group(1)[:2] in ("0x", "0X") else 10)
    form = "0x%x" if match.group(1)[:2] in ("0x", "0X") else "%d"
    return [form % other + match.group(2) for other in (value + 1, value - 1) if other >= 0]


def mutants_of(path, text, types=()):
    """Returns all mutants of a source. `types` are names of types that it uses."""
    return Source(path, text, types).mutants()


def apply(text, mutant):
    """Returns the text of a mutant."""
    return text[:mutant.begin] + mutant.replacement + text[mutant.end:]


def types_in(text):
    """Returns the names of types that a header declares."""
    return set(re.findall(r"^\}\s*(\w+);", text, re.M)) | set(
        re.findall(r"^typedef [^;{}()]*\b(\w+);", text, re.M))
