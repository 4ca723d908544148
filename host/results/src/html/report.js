(() => {
  const table = document.getElementById('table');
  if (!table) return;
  const body = table.tBodies[0], rows = [...body.rows];
  const text = document.getElementById('filter'), verdict = document.getElementById('outcome');
  const shown = document.getElementById('shown');
  const search = rows.map(row => row.textContent.toLowerCase());
  const index = new Map(rows.map((row, i) => [row, i]));
  const filter = () => {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    rows.forEach((row, i) => {
      const show = (!verdict.value || row.dataset.o === verdict.value) && words.every(word => search[i].includes(word));
      row.hidden = !show;
      count += show;
    });
    shown.textContent = count + ' of ' + rows.length + ' shown';
  };
  let timer;
  text.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(filter, 80); });
  verdict.addEventListener('input', filter);
  table.tHead.addEventListener('click', event => {
    const th = event.target.closest('th');
    if (!th || !event.target.closest('button')) return;
    const column = th.cellIndex, number = th.classList.contains('n');
    const direction = th.getAttribute('aria-sort') === 'ascending' ? -1 : 1;
    for (const other of th.parentNode.cells) other.removeAttribute('aria-sort');
    th.setAttribute('aria-sort', direction === 1 ? 'ascending' : 'descending');
    const key = rows.map(row => { const t = row.cells[column].textContent; return number ? parseFloat(t) : t; });
    const order = rows.map((_, i) => i).sort((a, b) => {
      const x = key[a], y = key[b];
      if (number) return (isNaN(x) - isNaN(y)) || direction * (x - y) || a - b;
      return direction * x.localeCompare(y, undefined, {numeric: true}) || a - b;
    });
    const all = document.createDocumentFragment();
    for (const i of order) all.append(rows[i]);
    body.append(all);
  });
  addEventListener('keydown', event => {
    if (event.key === 'Escape' && location.hash.startsWith('#e-')) location.hash = '#evaluations';
  });
  document.querySelector('.controls').hidden = false;
  filter();
})();
