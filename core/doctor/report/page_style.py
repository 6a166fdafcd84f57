"""The style sheet of the doctor's page: what it has beside every page's."""

from core.pages.style import style_sheet

_LAYOUT = """
html[lang^=en] h4{text-transform:uppercase}
.icon{width:18px;height:18px;fill:currentColor;flex:none}
.pass{color:var(--success)}.warning{color:var(--warning)}
.fault{color:var(--fault)}.not_tested{color:var(--t3)}
.tag{display:inline-block;padding:1px 8px;border-radius:5px;font-size:12px;font-weight:500}
.tag.fault{background:var(--fault_tint)}.tag.warning{background:var(--warning_tint)}
.tag.pass{background:var(--success_tint)}.tag.not_tested{background:var(--bg3)}
.top{display:flex;align-items:baseline;justify-content:space-between;gap:16px;margin-bottom:12px}
.subject{color:var(--t3);font-size:12px;text-align:right;overflow-wrap:anywhere}
.diagnosis{display:flex;gap:16px;padding:18px;align-items:flex-start}
.diagnosis .badge{padding:9px;border-radius:6px;line-height:0}
.badge.fault{background:var(--fault_tint)}.badge.warning{background:var(--warning_tint)}
.badge.pass{background:var(--success_tint)}.badge.not_tested{background:var(--bg3)}
.badge .icon{width:24px;height:24px}
.diagnosis .said{flex:1;min-width:0}
.headline{font-size:20px;font-weight:600;line-height:1.3;color:var(--t1);margin:6px 0 4px}
.deciding{text-align:right;font-size:12px;color:var(--t3)}
.deciding b{display:block;font-size:22px;font-weight:600;line-height:1.3;color:var(--t1)}
.counts{margin:10px 2px 20px;color:var(--t3);font-size:12px}
.list{overflow:hidden}
.row{display:grid;grid-template-columns:18px minmax(0,1fr) auto 12ch;gap:0 12px;
align-items:center;padding:7px 14px;border-top:1px solid var(--line)}
.row:first-child{border-top:0}
.row:hover{background:var(--bg3);color:inherit}
.row .name{color:var(--t1);font-weight:500}
.row .id,.summary .id{font-family:MONO;font-size:11px;color:var(--t3);margin-left:8px;
font-weight:400;white-space:nowrap}
.row .number{text-align:right}.row .number b{font-weight:600;color:var(--t1)}
.row.fault .number b{color:var(--fault)}.row.warning .number b{color:var(--warning)}
.row .number .what{color:var(--t3);font-size:12px;margin-right:8px}
.row .limit{text-align:right;color:var(--t3);font-size:12px}
.row .id,.row .name{color:var(--t1)}.row .id{color:var(--t3)}
details{margin-bottom:8px}
.summary{display:flex;gap:12px;align-items:center;padding:10px 14px;cursor:pointer;
list-style:none;border-radius:8px}
.summary::-webkit-details-marker{display:none}
.summary:hover{background:var(--bg3)}
.summary h3{flex:1;min-width:0}
.summary::after{content:"";width:7px;height:7px;border:solid var(--t3);border-width:0 1.5px 1.5px 0;
transform:rotate(-45deg);margin:0 4px}
details[open]>.summary::after{transform:rotate(45deg)}
.body{padding:0 14px 14px 44px}
.body h4:first-child{margin-top:6px}
td.beyond b{color:var(--fault)}
td .mark{display:block;font-size:11px;color:var(--fault)}
.readings{table-layout:fixed;min-width:560px}.readings .c1{width:26%}.readings .c2{width:17%}
.cause{padding:14px 18px;margin-bottom:8px;display:flex;gap:14px}
.cause .rank{font-size:20px;font-weight:600;color:var(--t3);line-height:1.2;min-width:1.2ch}
.cause .said{flex:1;min-width:0}
.chips{display:flex;flex-wrap:wrap;gap:6px;margin:4px 0 8px;padding:0;list-style:none}
.chips li{background:var(--bg3);border-radius:5px;padding:1px 8px;font-size:12px;color:var(--t1);
overflow-wrap:anywhere}
.untested{padding:14px 18px}
.untested ul{margin:6px 0 0;padding-left:18px}.untested li{margin:2px 0}
.untested b{color:var(--t1);font-weight:500}
@media (max-width:640px){.row{grid-template-columns:18px minmax(0,1fr) auto}
.row .limit{display:none}
.row .number .what,.deciding{display:none}.body{padding-left:14px}}
@media print{details::details-content{content-visibility:visible;height:auto}
.summary::after{display:none}.cause,.row{break-inside:avoid}}
"""


def page_style() -> str:
    """CSS of the whole page, figures included."""
    return style_sheet(_LAYOUT)
