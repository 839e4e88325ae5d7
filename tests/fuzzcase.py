"""A small case that holds something of everything: what fuzzing mutates. Every table, setting and kind of scenario."""

from __future__ import annotations

from pathlib import Path

CONFIG = """\
# Two regions, each by its own rules.
title: Délka a šířka                 # printed on the report
tables: .
first_year: 2026
last_year: 2028
values: central
regions:
  Q:                                 # yearly
    review_years: 1
    list_length: 3
    list_length_by_tier: {high: 2, low: 2}
    list_changes: 3
    minimum_stay: 2
    must_not_list: ["0110"]
    risk_shares: {high: 0.5}
    fairness:
      area_coverage: 0.02
      band: 0.25
    objectives:
      - {name: unfilled, tolerance: 0.002}
      - {name: cost, tolerance: 0}
  R:
    review_years: 2
    list_length: 4
    list_length_by_sector:
      works: 2
      'soins & santé': 2
    must_list: [2221, "0230"]
    groups:
      - [7126, 7411]
    fairness: {sector_coverage: 0.01}
solver:
  gap: 0.001
  time_limit: 1475.5
  seed: 1234
"""

SCENARIO = """\
# Longer lists, more courses.
title: Longer lists
reason: shows what a longer list would fill
source: an option to explore
set:
  list_length.Q: 4
  regions.R.fairness.band: 0.3
  values: high
scale:
  - {table: capacities, where: {service: course}, by: 1.25}
  - table: parameters
    where: {parameter: uptake, region: R}
    by: 0.8
lock:
  R: {must_not_list: ["0110"]}
  Q: {must_list: [2221]}
change:
  - {table: capacities, where: {service: desk, year: 2027}, add: 1250}
  - {table: parameters, where: {parameter: weight, occupation: "0230"}, to: 1.5}
  - {table: shortages, where: {area: "01"}, take: high}
"""

TABLES = {
    "sources": """\
source,publisher,title,date,confidence,note
S01,Statbel,"Vacancies, fourth quarter",2024-03,high,
S02,Université de Liège,Enquête sur l’emploi,2023-11-30,medium,"a survey, ""not"" a count"
judgement,Nobody,Our own,2025,low,
""",
    "regions": "region,title_en,title_fr\nQ,North,Région du Nord\nR,South,Région du Sud\n",
    "areas": """\
area,region,title_en,title_fr,population,tile_row,tile_column
Q1,Q,Antwerp,Anvers,1926522,1,3
Q2,Q,Liège,Liège,1119038,1,4
01,R,Coast,Côte,,2,1
02,R,Hills,,452313.5,2,2
""",
    "occupations": """\
occupation,isco08,title_en,title_fr,sector,skill_tier,regulated,risk_class,source
0110,0110,Officer,Officier,works,high,no,low,S01
0230,,Ranger,Garde,works,low,no,high,S01
2221,2221,Nurse,Infirmière,soins & santé,high,yes,low,S02
7126,7126,Plumber,Plombier,works,medium,no,high,
7411,7411,Electrician,Électricien,works,medium,yes,medium,S02
9112,,Cleaner,,food,low,no,high,
""",
    "shortages": """\
area,occupation,year,low,central,high,basis,source
Q1,0110,2026,12.5,20,31,estimated,S01
Q1,2221,2026,1100,1437,1915,observed,S02
Q1,2221,2027,,1529,,derived,S02
Q2,7126,2026,7,25.4,42.5,estimated,judgement
Q2,7126,2028,8,26.1,43,estimated,judgement
01,0230,2027,3,5.75,9,assumed,judgement
01,2221,2026,,,,observed,S02
02,7411,2026,40,61,77.5,estimated,S01
02,7411,2027,41,62,78.5,estimated,S01
02,9112,2028,14,17,21,estimated,S01
""",
    "activatable": """\
area,occupation,year,low,central,high,basis,source
Q1,2221,2026,200,310,420,estimated,S01
02,7411,2027,,3.5,,assumed,judgement
""",
    "list_in_force": """\
region,occupation,entry,source
Q,2221,Infirmier(ère),S01
Q,2221,Sage-femme,S01
R,9112,"Nettoyeur, laveur",S02
""",
    "exclusions": "region,occupation,reason,source\nQ,0230,pay below the threshold,S01\n*,9112,skill,S02\n",
    "parameters": """\
parameter,region,occupation,low,central,high,basis,source
weight,*,*,,1,,assumed,judgement
weight,*,tier:high,1.1,1.2,1.4,assumed,judgement
uptake,*,*,0.6,0.85,0.95,assumed,judgement
uptake,R,*,0.5,0.75,0.9,assumed,judgement
lot,Q,*,,2,,assumed,judgement
max_quota,*,sector:works,1500,2250,3125,assumed,judgement
permit_cost,*,*,250,312.5,400,derived,S01
training_cost,R,group:02,1150,1265,1875,derived,S01
training_success,*,*,0.5,0.6,0.7,estimated,S02
training_lag,*,*,,1,,assumed,judgement
min_other_vacancies,*,0230,,2,,assumed,judgement
""",
    "retention": """\
region,occupation,cohort_year,low,central,high,basis,source
*,*,0,0.4,0.5,0.55,assumed,judgement
*,*,1,0.78,0.86,0.92,assumed,judgement
*,*,2,0.7,0.74,0.8,assumed,judgement
""",
    "services": """\
service,title_en,title_fr,scope,unit,source
course,Language course,Cours de langue,area,hours,S01
desk,Permit desk,Guichet,shared,officer hours,S01
rooms,Housing,Logement,region,rooms,S02
""",
    "service_use": """\
service,region,occupation,per,cohort_year,low,central,high,basis,source
course,*,*,person,0,80,110,165,estimated,S01
course,R,regulated:yes,person,1,25,40.5,55,estimated,S01
desk,*,*,permit,0,4.5,6.7,9,derived,S02
rooms,*,risk:high,person,0,0.5,0.6,0.75,assumed,judgement
""",
    "capacities": """\
service,place,year,low,central,high,basis,source
course,*,*,900,1235,1460,observed,S01
course,01,2027,1100,1312,1575,observed,S01
desk,*,*,,35250,,observed,S02
rooms,Q,*,550,917,1467,derived,S02
rooms,R,*,314,524,838,derived,S02
""",
    "service_parameters": """\
parameter,service,place,low,central,high,basis,source
unit_cost,course,*,2.5,3,3.75,derived,S01
expansion_cost,course,*,4,5,6,derived,S01
max_expansion,course,01,1015,1204,1333,assumed,judgement
max_expansion,desk,shared,,1850,,assumed,judgement
lead_time,course,*,,1,,assumed,judgement
""",
    "permit_totals": "region,year,low,central,high,basis,source\nQ,*,3500,5045,6010,assumed,S01\nR,2027,800,1515,2125,"
                     "assumed,S01\n",
    "budgets": "region,year,low,central,high,basis,source\n*,*,9000000,14000000,20000000,assumed,judgement\n"
               "R,2026,2500000,4512345,7000000,assumed,judgement\n",
    "training_places": "region,occupation,year,low,central,high,basis,source\n*,*,*,25,50,100,assumed,S02\n"
                       "R,7411,2028,,1265,,assumed,S02\n",
    "commuting": "area,reaches,source\nQ1,Q2,S01\n01,02,S01\n02,01,S01\nQ2,02,S02\n",
}

FILES = {"config.yaml": CONFIG, "scenarios/s.yaml": SCENARIO} | {f"{name}.csv": text for name, text in TABLES.items()}


def write(folder: Path) -> Path:
    """The whole case on disk; returns the path of its config."""
    (folder / "scenarios").mkdir(parents=True)
    for name, text in FILES.items():
        (folder / name).write_bytes(text.encode())
    return folder / "config.yaml"
