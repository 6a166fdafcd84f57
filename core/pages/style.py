"""The style sheet of every page: the window's look, for reading and for paper."""

from core.pages.palette import DARK, LIGHT, MONO, SANS, figure_style

#: What a page may do: nothing outside it is loaded, nothing in it runs.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"

_LAYOUT = """
*{box-sizing:border-box}
html{background:var(--bg0);color:var(--t2);font:400 14px/1.55 SANS;
font-feature-settings:'tnum' 1;-webkit-text-size-adjust:100%}
body{margin:0 auto;max-width:1040px;padding:32px 20px 64px}
h1,h2,h3,h4{color:var(--t1);font-weight:600;line-height:1.3;margin:0;text-wrap:balance}
h1{font-size:15px;color:var(--t2);font-weight:500}
h2{font-size:17px;margin:40px 0 12px}
h3{font-size:15px}
h4{font-size:11px;letter-spacing:.04em;color:var(--t3);font-weight:500;margin:18px 0 4px}
p{margin:0 0 8px;max-width:76ch}
a{color:inherit;text-decoration:none}
a:hover{color:var(--accent_text)}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
code,pre{font-family:MONO;font-size:12px}
pre{margin:4px 0 8px;padding:10px 12px;background:var(--bg1);border:1px solid var(--line);
border-radius:6px;color:var(--t1);overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere}
.panel{background:var(--bg2);border:1px solid var(--line);border-radius:8px}
.facts{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:4px 16px;margin:12px 0 0}
.facts dt{color:var(--t3)}.facts dd{margin:0;color:var(--t1);overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;font-size:13px;margin:4px 0 8px}
th{font-size:11px;font-weight:500;color:var(--t3);text-align:left;padding:4px 12px 4px 0}
td{padding:6px 12px 6px 0;border-top:1px solid var(--line);vertical-align:top}
td.n,th.n{text-align:right;white-space:nowrap}
td.n{color:var(--t1)}
td.n b{font-weight:600}
.data{width:auto}.data td,.data th{padding-right:28px}
.wide{overflow-x:auto}
.hint{color:var(--t3);font-size:12px}
.figure{margin:12px 0;padding:4px 0;border:1px solid var(--line);border-radius:8px;
width:fit-content;max-width:100%}
.figure svg{display:block;max-width:100%;height:auto}
strong{color:var(--t1);font-weight:600}
footer{margin-top:40px;color:var(--t3);font-size:12px}
@media (max-width:640px){.facts{grid-template-columns:1fr}.facts dd{margin-bottom:6px}}
@media print{html{background:#fff;font-size:11px}body{max-width:none;padding:0}
.figure,tr{break-inside:avoid}h2,h3,h4{break-after:avoid}.panel{border-color:#ccc}}
"""


def style_sheet(own: str = "") -> str:
    """CSS of a whole page, figures included; `own` is the page's own layout.

    Written in the theme's variables, such as ``var(--t1)``; MONO and SANS stand for font families.
    """
    layout = (_LAYOUT + own).replace("SANS", SANS).replace("MONO", MONO).replace("\n", "")
    return (
        f":root{{color-scheme:light dark;{_variables(LIGHT)}}}"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{_variables(DARK)}}}}}"
        f"{layout}{figure_style(scope='.figure ')}"
    )


def _variables(tokens: dict[str, str]) -> str:
    return "".join(f"--{name}:{colour};" for name, colour in tokens.items())
