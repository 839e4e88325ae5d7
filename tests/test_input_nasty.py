"""Nasty input: what spreadsheets, editors and attackers make of files; refused in one line, or read as meant."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from refusal import CONFIG, HEAD, ROW, Refuse, shortage
from worlds import rows, write_world

from optimiser.errors import InputError
from optimiser.problem import load


@pytest.mark.parametrize("cell", [
    "1e400", "1e-400", "1_000", " 12", "12 ", "12\t", "+5", ".5", "5.", "0x10", "007", "12 %", "1 000", "1\u00a0000",
    "1.000.000", "1.250", "12.000", '"1,250"', '"1,000.50"', "1'000", "١٢", "−3", "－3", "１２", "\ufeff12", "12\u200b",
    "TRUE", "NO", "null", "-", "?", "12;", "=12", "9" * 400, "NaN", "-inf", "Infinity", "1e", "1e+", "--1", "1.2.3",
    "0b1", "1,",
])
def test_no_other_spelling_of_a_number_is_read(refuse: Refuse, cell: str) -> None:
    cells = shortage(f"A1,0110,2026,,{cell},,assumed,S")
    [line] = refuse(shortages__csv=cells)
    assert line.startswith("case/shortages.csv, row 2: got 9 cells" if cell == "1," else
                           "case/shortages.csv, row 2, central: got ")


@pytest.mark.parametrize(("cell", "value"), [
    ("12", 12), ("12.5", 12.5), ("0.125", 0.125), ("1.2340", 1.234), ("1e3", 1000), ("2.5E-1", 0.25), ('"12"', 12),
    ("1000000", 1e6)])
def test_numbers_are_read_right(tmp_path: Path, cell: str, value: float) -> None:
    config = write_world(tmp_path)
    (tmp_path / "shortages.csv").write_text(shortage(f"A1,0110,2026,,{cell},,assumed,S"), encoding="utf-8")
    assert load(config).shortage == {("0110", "A1", 2026): value}


def test_three_decimals_are_doubtful_unless_the_table_is_written_so(refuse: Refuse) -> None:
    """1.234 may be 1234: refused where both readings fit, read where something shows that the point is decimal."""
    assert refuse(shortages__csv=shortage("A1,0110,2026,,1.234,,assumed,S")) == [
        "case/shortages.csv, row 2, central: got '1.234'; expected a number that can be read in one way only; "
        "write 1234 if it is a whole number, 1.2340 if it is a decimal one"]
    for low, high, other in (("1.1", "1.5", "3"), ("", "", "0.125"), ("", "", "2816.375"), ("", "", "7.2345")):
        config = write_world(Path("read"))
        cells = f"A1,0110,2026,{low},1.234,{high},assumed,S\nA2,0110,2026,,{other},,assumed,S"
        Path("read", "shortages.csv").write_text(shortage(cells), encoding="utf-8")
        assert load(config).shortage["0110", "A1", 2026] == 1.234


def test_a_doubtful_number_is_written_so_that_it_is_read_again(tmp_path: Path) -> None:
    """A scenario may make 1.234 of a number: the copy of the input says 1.2340."""
    problem = load(write_world(tmp_path, shortages=rows("area occupation year central", ("A1", "0110", 2026, 1.234))))
    problem.save(tmp_path / "copy")
    assert "1.2340" in (tmp_path / "copy" / "shortages.csv").read_text("utf-8")
    assert load(tmp_path / "copy" / "config.yaml").shortage == problem.shortage


@pytest.mark.parametrize("title", ["WalloniÃ«", "lâ€™Ã©tÃ©"])
def test_text_opened_in_another_encoding_is_not_read(refuse: Refuse, title: str) -> None:
    [line] = refuse(areas__csv=f"area,region,title_en\nA1,R,\nA2,R,{title}\n")
    assert line.endswith("it was saved as UTF-8 and opened as something else: open the original again as UTF-8")
    [line] = refuse(config__yaml=CONFIG + f"title: {title}\n")
    assert line.startswith("case/config.yaml, row 6, title: got ")


@pytest.mark.parametrize("title", ["Wallonië", "l’été", "«École»", "MAÇÃ", "CAFÉ’S", "Úžas", "Ні", "日本"])
def test_honest_letters_are_read(tmp_path: Path, title: str) -> None:
    config = write_world(tmp_path, areas=rows("area region title_en", ("A1", "R", title), ("A2", "R", "")))
    assert load(config).title("areas", "A1") == title


@pytest.mark.parametrize("code", ["110", "0110 ", "00110", "0110.0", "1.1e2", "'0110", "O110", "0110\u200b", "", "*"])
def test_codes_are_compared_letter_by_letter(refuse: Refuse, code: str) -> None:
    [line] = refuse(shortages__csv=shortage(f"A1,{code},2026,,10,,assumed,S"))
    assert line.startswith("case/shortages.csv, row 2, occupation: got ")


@pytest.mark.parametrize("year", ["2026.0", "20260", "2026 ", "MMXXVI", "*", "1899", "2200", "２０２６", "2026-01", ""])
def test_a_year_has_four_digits(refuse: Refuse, year: str) -> None:
    [line] = refuse(shortages__csv=shortage(f"A1,0110,{year},,10,,assumed,S"))
    assert line.startswith("case/shortages.csv, row 2, year: got ")


@pytest.mark.parametrize("code", ["*", "shared", "sector:x", "group:01", "tier:high"])
def test_codes_that_mean_something_else_are_refused(refuse: Refuse, code: str) -> None:
    [line] = refuse(areas__csv=f"area,region\nA1,R\n{code},R\n")
    assert line.startswith(f"case/areas.csv, row 3, area: got '{code}'; expected a code other than")


@pytest.mark.parametrize("date", ["Mar-24", "2024-13", "2024-03-32", "03/2024", "24-03", "2024/03", "45352"])
def test_a_date_that_a_spreadsheet_has_changed(refuse: Refuse, date: str) -> None:
    [line] = refuse(sources__csv=f"source,publisher,title,date,confidence\nS,P,T,{date},low\n")
    assert line.startswith(f"case/sources.csv, row 2, date: got '{date}'; expected a date: YYYY, YYYY-MM or ")


@pytest.mark.parametrize("title", ["\x1b[31mred", "a\tb", '"a\nb"', "a\u2028b", "a\x85b", "\x7f", " a", "\u00a0a"])
def test_no_control_characters_reach_a_report(refuse: Refuse, title: str) -> None:
    [line] = refuse(areas__csv=f"area,region,title_en\nA1,R,\nA2,R,{title}\n")
    assert line.startswith("case/areas.csv, row 3, title_en: got ")


@pytest.mark.parametrize(("text", "place"), [
    ("", ", row 1"), ("\n", ", row 1"), ("\n" + HEAD + ROW, ", row 1"), ("sep=,\n" + HEAD + ROW, ", row 1"),
    ("# a note\n" + HEAD + ROW, ", row 1"), ((HEAD + ROW).replace(",", "\t"), ", row 1"),
    ((HEAD + ROW).replace(",", "|"), ", row 1"), (HEAD + '"A1,0110,2026,,10,,assumed,S\n' + ROW, ", row 2"),
    (HEAD + '"A1"x,0110,2026,,10,,assumed,S\n', ", row 2"), (HEAD + ROW + "   \n", ", row 3"),
    (HEAD + ROW.replace("10", "1" * 30_000), ", row 2"), (HEAD + ROW + "A1\x000,", ", row 3"),
    ((HEAD + ROW).encode("utf-16"), ", row 1"), ((HEAD + ROW).encode("utf-16-le"), ", row 1"),
    ((HEAD + ROW + "é").encode("latin-1"), ", row 3"), ((HEAD + ROW + "’").encode("cp1252"), ", row 3"),
    (b"PK\x03\x04" + bytes(range(256)), ", row 1"), (",".join(f"c{i}" for i in range(50_000)), ", row 1"),
])
def test_a_file_that_is_no_such_table(refuse: Refuse, text: str | bytes, place: str) -> None:
    [line] = refuse(shortages__csv=text)
    assert line.startswith(f"case/shortages.csv{place}: got ")


def test_rows_are_counted_as_an_editor_counts_lines(refuse: Refuse) -> None:
    """Empty lines and line breaks inside quotes count; the row of a fault is the line it begins on."""
    text = HEAD + "\n" + '"A\n1",0110,2026,,10,,assumed,S\n' + "\n" + ROW.replace("2026", "20x6")
    found = refuse(shortages__csv=text)
    assert [line.split(": got")[0] for line in found] == [
        "case/shortages.csv, row 3, area", "case/shortages.csv, row 6, year"]
    assert text.splitlines()[2].startswith('"A')
    assert text.splitlines()[5].startswith("A1,0110,20x6")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system_are_read(tmp_path: Path, end: str) -> None:
    config = write_world(tmp_path)
    text = HEAD + ROW + "\n" + ROW.replace("A1", '"A2"')
    (tmp_path / "shortages.csv").write_bytes(text.replace("\n", end).encode())
    assert load(config).shortage == {("0110", "A1", 2026): 10, ("0110", "A2", 2026): 10}


@pytest.mark.parametrize("name", ["Shortages.CSV", "Budgets.csv", "budget.csv", "budgets.xlsx", "budgets.csv.txt",
                                  "budgets.tsv"])
def test_a_limit_is_not_switched_off_by_the_name_of_its_file(refuse: Refuse, name: str) -> None:
    [line] = refuse(**{name.replace(".", "__"): "region\n"})
    assert line.startswith(f"case/{name}: got ")


def test_files_beside_the_tables_are_left_alone(tmp_path: Path) -> None:
    config = write_world(tmp_path)
    for name in ("README.md", "areas.geojson", "notes.xlsx", "shortages.xlsx"):
        (tmp_path / name).write_text("anything", encoding="utf-8")
    assert load(config).shortage


@pytest.mark.parametrize("make", [
    lambda path: path.mkdir(), lambda path: path.symlink_to("/nowhere/at/all"), lambda path: os.mkfifo(path),
    lambda path: path.symlink_to("/dev/zero")], ids=["folder", "broken link", "pipe", "device"])
@pytest.mark.parametrize("name", ["budgets.csv", "config.yaml"])
def test_what_is_no_plain_file_is_not_read(refuse: Refuse, name: str, make: Callable[[Path], None]) -> None:
    """Nor waited for: a pipe has no end."""
    write_world(Path("case"))
    (Path("case") / name).unlink(missing_ok=True)
    make(Path("case") / name)
    with pytest.raises(InputError) as error:
        load("case/config.yaml")
    [fault] = error.value.faults
    assert str(fault).startswith(f"case/{name}: got ")


@pytest.mark.parametrize("folder", ["nowhere", "areas.csv", "x" * 900, '"a\\0b"', '""', "3", '"a\\e[31m"'])
def test_a_folder_of_tables_that_is_none(refuse: Refuse, folder: str) -> None:
    for line in refuse(config__yaml=CONFIG.replace("tables: .", f"tables: {folder}")):
        assert re.match(r"case/config\.yaml, row 1, tables: |case/", line)


@pytest.mark.parametrize("name", ["shortages.csv", "regions.csv", "sources.csv"])
def test_a_required_table_is_missing(refuse: Refuse, name: str) -> None:
    write_world(Path("case"))
    Path("case", name).unlink()
    with pytest.raises(InputError) as error:
        load("case/config.yaml")
    assert (f"case/{name}: got no file; expected this table, which every case needs; add the file; docs/tables.md "
            "shows its columns") in str(error.value).splitlines()


@pytest.mark.parametrize("text", [
    "", "# nothing\n", "- a\n", "hello", "null", "30", CONFIG + "---\n" + CONFIG, CONFIG + "title: a: b\n",
    CONFIG + 'title: "abc\n', CONFIG.replace("  R", "\tR"), CONFIG + "a: &a [x]\nb: *a\n", CONFIG + "title: !!str 3\n",
    "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\n" + CONFIG, CONFIG + "title: !!python/object/apply:os.system [ls]\n",
    CONFIG + "title: " + "[" * 500 + "]" * 500, CONFIG + "title: " + "[" * 100_000, CONFIG + "title: " + "{a: " * 500,
    CONFIG + "title:\n" + "".join(" " * i + "- \n" for i in range(1, 300)), CONFIG + "? [a]\n: 1\n", "%FOO\n" + CONFIG,
    CONFIG + "x" * 3000 + ": 1\n", CONFIG + "title: a\x01b\n", CONFIG + "title: a\x00b\n",
    CONFIG + 'title: "\\ud800"\n',
    CONFIG + "#" + "x" * 2_000_000, bytes(range(256)), CONFIG.encode("utf-16"), "\ufeff" + CONFIG,
    CONFIG.encode() + "title: é\n".encode("latin-1"), CONFIG + '"\\e[31mx": 1\n', CONFIG + "<<: {title: x}\n",
    CONFIG.replace("\n  R: {}", " {}"), CONFIG.replace("\n  R: {}", ""), CONFIG.replace("  R: {}", "  - R"),
    CONFIG.replace("{}", ""), CONFIG.replace("{}", "hello"), CONFIG.replace("R:", '"":'), CONFIG.replace("R:", "~:"),
    CONFIG.replace("tables: .\n", ""), CONFIG.replace("2026", "'2026'"), CONFIG.replace("2026", "2026.0"),
    CONFIG + "title: 30\n", CONFIG + "title: " + "x" * 400 + "\n", CONFIG + "values: middle\n",
    CONFIG + "solver: {gap: 2}\n", CONFIG + "solver: {seed: " + "9" * 5000 + "}\n",
    CONFIG + "solver: {time_limit: 0}\n", CONFIG.replace("2026", "2200"),
])
def test_a_config_that_is_none(refuse: Refuse, text: str | bytes) -> None:
    for line in refuse(config__yaml=text):
        assert re.match(r"case/config\.yaml(, row \d+)?(, \S+)?: got ", line)


@pytest.mark.parametrize("setting", [
    "list_length: 2.5", "list_length: 1e1", "list_length: 1_000", "list_length: 010", "list_length: 0x10",
    "list_length: 1:30", "list_length: +3", "list_length: yes", "list_length: true", "list_length: '3'",
    "fairness: {band: .5}", "fairness: {band: 5.}", "fairness: {band: .nan}", "fairness: {band: 0,5}",
    "risk_shares: {high: 1.1}", "risk_shares: {hi: 0.1}", "list_length_by_tier: {top: 3}",
    "list_length_by_sector: {helth: 2}", "must_list: 0110", "must_list: [2221.0]", "must_list: ['sector:none']",
    "must_list: ['sektor:health']", "must_list: [*]", "must_list:", "groups: [0110, 2221]", "groups: [[]]",
    "objectives: [unfilled]", "objectives: [{name: unfiled}]", "objectives: [{name: unfilled, tol: 1}]",
    "objectives: [{tolerance: 0}]", "objectives: [{name: cost}, {name: cost}]", "minimum_stay: 0", "review_years: 0",
])
def test_a_rule_of_a_region_that_is_none(refuse: Refuse, setting: str) -> None:
    for line in refuse(config__yaml=CONFIG.replace("R: {}", f"R: {{{setting}}}")):
        assert re.match(rf"case/config\.yaml, row 5(, regions\.R\.{setting.split(':')[0]}\S*)?: got ", line)


def test_words_that_yaml_would_change_stay_text(tmp_path: Path) -> None:
    """NO is a region, 0110 and on are codes; nothing is read as false, octal or sexagesimal."""
    config = write_world(
        tmp_path, regions=rows("region", ("NO",), ("on",)), areas=rows("area region", ("A1", "NO"), ("A2", "on")),
        occupations=rows("occupation", ("0110",), ("2221",), ("NO",), ("1:30",)))
    text = CONFIG.replace("R: {}", "NO: {must_list: [0110, NO, 1:30]}\n  on: {must_not_list: [2221]}") + "title: off\n"
    config.write_text(text, encoding="utf-8")
    problem = load(config)
    assert problem.regions == ("NO", "on")
    assert problem.config.title == "off"
    assert {key for key, lock in problem.locked.items() if lock} == {("NO", "0110"), ("NO", "NO"), ("NO", "1:30")}
