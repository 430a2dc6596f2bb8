/** For a phone and a desk, light and dark. */
export const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 0 auto; padding: 1rem; }
h2 { margin: 3rem 0 0; }
figure { margin: 1.5rem 0; }
figcaption { font-weight: 600; }
.plot svg { overflow: visible; }
.wide { display: none; }
@media (min-width: 56rem) { .wide { display: block; } .narrow { display: none; } }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.875rem; }
th, td { padding: 0.2rem 0.7rem 0.2rem 0; text-align: left; white-space: nowrap; border-bottom: 1px solid #8884; }
thead th:not(:first-child), .number { text-align: right; font-variant-numeric: tabular-nums; }
td:last-child { white-space: normal; min-width: 5.5rem; }
dl { font-size: 0.875rem; }
dt { font-weight: 600; }
@media (min-width: 56rem) {
  dl { display: grid; grid-template-columns: minmax(6rem, 18rem) 1fr; gap: 0.1rem 1rem; }
  dt { font-weight: inherit; }
}
dd { margin: 0; overflow-wrap: anywhere; }
.absent { font-size: 0.875rem; opacity: 0.7; }
`;
