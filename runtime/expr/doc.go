package expr

// Doc describes a filter or a test for people.
type Doc struct {
	Name      string
	Arguments string // as in a call, with the defaults; empty for none
	Meaning   string
}

// FilterDocs describes every filter, in the order in which a page shows them.
func FilterDocs() []Doc {
	return append(append(textDocs(), listDocs()...), append(numberDocs(), stackstormDocs()...)...)
}

func textDocs() []Doc {
	return []Doc{
		{"capitalize", "", "first letter large, the others small"},
		{"center", "width=80", "blanks on both sides"},
		{"e", "", "`escape`"},
		{"escape", "", "`<`, `>`, `&` and quotes as HTML writes them; nothing is escaped unasked"},
		{"filesizeformat", "binary=false", "bytes for people: `1.0 MB`, `1.0 MiB`"},
		{"forceescape", "", "`escape`"},
		{"format", "*values", "Python's `%s`, `%05.2f`, `%(name)s`"},
		{"indent", "width=4, first=false, blank=false", "blanks, or the text `width`, before every line but the first"},
		{"lower", "", "small letters"},
		{"pprint", "", "as Python's `repr` prints it"},
		{"replace", "old, new, count=-1", "every `old` by `new`"},
		{"safe", "", "the text as it is"},
		{"string", "", "as a text"},
		{"striptags", "", "without tags and comments of HTML, runs of blanks as one"},
		{"title", "", "first letter of every word large"},
		{"trim", "chars=blanks", "without blanks, or the characters given, on both sides"},
		{"truncate", "length=255, killwords=false, end='...', leeway=5", "cut at a word, with `end` behind it"},
		{"upper", "", "large letters"},
		{"urlencode", "", "as a part of an address; maps and lists of pairs as a query"},
		{"urlize", "trim_url_limit, nofollow=false, target", "addresses as links, everything else escaped"},
		{"wordcount", "", "how many words"},
		{"wordwrap", "width=79, break_long_words=true, wrapstring='\\n'", "lines of at most `width` characters"},
		{"xmlattr", "autospace=true", "a map as attributes of an element; null ones are left out"},
	}
}

func listDocs() []Doc {
	return []Doc{
		{"attr", "name", "one member of a map"},
		{"batch", "linecount, fill_with", "lists of so many items"},
		{"count", "", "`length`"},
		{"d", "default_value='', boolean=false", "`default`"},
		{"default", "default_value='', boolean=false", "for what is not there; with `boolean`, for everything false"},
		{"dictsort", "case_sensitive=false, by='key', reverse=false", "pairs of a map, sorted"},
		{"first", "", "the first item"},
		{"groupby", "attribute, default, case_sensitive=false", "pairs of a value and the items that have it"},
		{"items", "", "pairs of a map"},
		{"join", "d='', attribute", "one text, `d` between the items"},
		{"last", "", "the last item"},
		{"length", "", "how many items or characters"},
		{"list", "", "characters of a text, keys of a map"},
		{"map", "filter, *arguments; or attribute, default", "every item through a filter, or one member of each: `'a.b.0'` goes deeper"},
		{"max", "case_sensitive=false, attribute", "the largest item"},
		{"min", "case_sensitive=false, attribute", "the smallest item"},
		{"random", "", "any item: the only thing that differs when a rule is tried again"},
		{"reject", "test, *arguments", "items for which the test, or without one their own truth, does not hold"},
		{"rejectattr", "attribute, test, *arguments", "the same for a member of each item"},
		{"reverse", "", "from the end; also characters"},
		{"select", "test, *arguments", "items for which the test, or without one their own truth, holds"},
		{"selectattr", "attribute, test, *arguments", "the same for a member of each item"},
		{"slice", "slices, fill_with", "so many lists, the first ones longer"},
		{"sort", "reverse=false, case_sensitive=false, attribute", "sorted; `'a,b'` sorts by two members"},
		{"sum", "attribute, start=0", "all together"},
		{"tojson", "indent", "JSON that may stand in a page"},
		{"unique", "case_sensitive=false, attribute", "each value once"},
	}
}

func numberDocs() []Doc {
	return []Doc{
		{"abs", "", "without its sign"},
		{"float", "default=0.0", "as a fraction; `default` for what is no number"},
		{"int", "default=0, base=10", "as a whole number; `default` for what is no number"},
		{"round", "precision=0, method='common'", "a fraction; halves to the even digit, or `'ceil'`, `'floor'`"},
	}
}

func stackstormDocs() []Doc {
	return []Doc{
		{"basename", "", "what stands behind the last slash"},
		{"decrypt_kv", "", "the value as it is: keys are read in plain text"},
		{"dirname", "", "what stands before the last slash"},
		{"from_json_string", "", "the value that JSON describes"},
		{"from_yaml_string", "", "the value that YAML describes"},
		{"json_escape", "", "JSON without the quotes around it"},
		{"jsonpath_query", "query", "list of everything a path leads to, or null: `'a[*].b'`"},
		{"regex_match", "pattern, ignorecase=false", "whether it matches at the start"},
		{"regex_replace", "pattern, replacement, ignorecase=false", "every match; `\\\\1` and `\\\\g<name>` are groups"},
		{"regex_search", "pattern, ignorecase=false", "whether it matches anywhere"},
		{"regex_substring", "pattern, result_index=0, ignorecase=false", "one match, or its groups; none is an error"},
		{"to_complex", "", "JSON"},
		{"to_human_time_from_seconds", "", "`1d2h3m4s`; a number below 1 is printed as it is, in μs"},
		{"to_json_string", "indent, sort_keys, separators", "JSON, always with sorted keys: `{\"a\": 1,\"b\": 2}`"},
		{"to_yaml_string", "indent=2", "YAML with sorted keys"},
		{"use_none", "", "null as a marker in a text, which a parameter turns back; not numbers"},
		{"version_bump_major", "", "`1.2.3` to `2.0.0`"},
		{"version_bump_minor", "", "`1.2.3` to `1.3.0`"},
		{"version_bump_patch", "", "`1.2.3` to `1.2.4`"},
		{"version_compare", "pattern", "-1, 0 or 1"},
		{"version_equal", "pattern", "whether both are the same version"},
		{"version_less_than", "pattern", "whether it is older"},
		{"version_match", "pattern", "whether a comparison holds: `'>=1.2.0'`"},
		{"version_more_than", "pattern", "whether it is newer"},
		{"version_strip_patch", "", "`1.2.3` to `1.2`"},
	}
}

// TestDocs describes every test.
func TestDocs() []Doc {
	return []Doc{
		{"boolean", "", "true or false"},
		{"callable", "", "never: no value can be called"},
		{"defined", "", "is there"},
		{"divisibleby", "number", "leaves no rest"},
		{"eq", "value", "equal; also `equalto`, `==`"},
		{"escaped", "", "never"},
		{"even", "", "divisible by 2"},
		{"false", "", "false itself"},
		{"filter", "", "names a filter"},
		{"float", "", "a number that may have a fraction"},
		{"ge", "value", "at least; also `>=`"},
		{"gt", "value", "greater; also `greaterthan`, `>`"},
		{"in", "value", "an element, a part of a text, a key of a map"},
		{"integer", "", "a whole number"},
		{"iterable", "", "a text, list or map"},
		{"le", "value", "at most; also `<=`"},
		{"lower", "", "a text without large letters"},
		{"lt", "value", "less; also `lessthan`, `<`"},
		{"mapping", "", "a map"},
		{"ne", "value", "not equal; also `!=`"},
		{"none", "", "null"},
		{"number", "", "a number or boolean"},
		{"odd", "", "not divisible by 2"},
		{"sameas", "value", "equal and of the same type"},
		{"sequence", "", "a text, list or map"},
		{"string", "", "a text"},
		{"test", "", "names a test"},
		{"true", "", "true itself"},
		{"undefined", "", "is not there"},
		{"upper", "", "a text without small letters"},
	}
}
