/** Of the page; prints on A4, reads on a phone, follows a dark screen. */
export const pageStyle = `
:root{--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--back:#fff;--warn:#fff4ce;--warnline:#bf8700;--card:#f6f8fa}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9da7b3;--line:#3d444d;--back:#0d1117;--warn:#2b2410;--warnline:#9e6a03;--card:#161b22}}
*{box-sizing:border-box}body{margin:0 auto;max-width:70rem;padding:1.5rem;font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--back)}
h1{font-size:1.6rem;margin:.2rem 0}h2{font-size:1.2rem;margin:2.2rem 0 .4rem;border-bottom:1px solid var(--line);padding-bottom:.2rem}h3{font-size:1rem;margin:1rem 0 .3rem}
p{max-width:48rem}small,.soft{color:var(--soft);font-size:.85em;font-weight:400}
.notice{background:var(--warn);border:1px solid var(--warnline);border-radius:6px;padding:.5rem .9rem;font-weight:600}
.warnings li{margin:.2rem 0}.headline{display:flex;flex-wrap:wrap;gap:.8rem;margin:1rem 0}
.headline div{background:var(--card);border:1px solid var(--line);border-radius:6px;padding:.6rem .9rem;min-width:11rem;flex:1}
.headline b{display:block;font-size:1.7rem;line-height:1.2;font-variant-numeric:tabular-nums}.headline span{color:var(--soft);font-size:.85rem}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums;margin:.4rem 0}
th,td{border:1px solid var(--line);padding:.3rem .6rem;text-align:left;vertical-align:top}thead th{background:var(--card)}tbody th{font-weight:600}td .none{color:var(--soft)}
.confusion td{text-align:center;min-width:4.6rem}.confusion td small{display:block;color:var(--ink)}.confusion .corner{color:var(--soft);font-size:.8rem}
.plots{display:flex;flex-wrap:wrap;gap:1.5rem}.plots figure{margin:0;flex:1 1 20rem;max-width:26rem}figcaption{font-size:.85rem;color:var(--soft)}
svg{width:100%;height:auto;font:12px system-ui,sans-serif}svg text{fill:var(--soft)}.grid{stroke:var(--line);stroke-width:.5}.chance{stroke:var(--soft);stroke-dasharray:4 4}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;margin:.3rem 0}.legend i{display:inline-block;width:.9em;height:.9em;border-radius:2px;margin-right:.4em;vertical-align:-.1em}
.losses{display:grid;grid-template-columns:repeat(auto-fill,minmax(11rem,1fr));gap:1rem}.losses figure{margin:0;border:1px solid var(--line);border-radius:6px;overflow:hidden;background:var(--card)}
.losses img,.losses .gone{width:100%;aspect-ratio:1;object-fit:contain;background:#000;display:block}.losses figcaption{padding:.4rem .6rem;overflow-wrap:anywhere}.losses b{color:var(--ink)}
footer{margin-top:2.5rem;border-top:1px solid var(--line);padding-top:.6rem;color:var(--soft);font-size:.85rem}
@media print{body{max-width:none;padding:0;font-size:11pt}h2{break-after:avoid}figure,.headline div,tr{break-inside:avoid}}
`;
