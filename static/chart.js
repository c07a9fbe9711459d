/* Draws the spend of the last days; the same figures stand in the table below it. */
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("spend-data")?.textContent || "null");
  const canvas = document.getElementById("spend");
  if (!data || !canvas) return;
  const palettes = {
    light: ["#0a5aa8", "#c2410c", "#1d7a33", "#8431c4", "#b7791f", "#55606f", "#c62828", "#0e7490"],
    dark: ["#79b8f5", "#fb923c", "#5ecb78", "#cd9cf7", "#f5c04a", "#a5b0c0", "#ff8a80", "#67d3e0"],
  };
  const language = document.documentElement.lang;
  let chart;
  const draw = () => {
    const style = getComputedStyle(document.body);
    const ink = style.color;
    const grid = getComputedStyle(canvas.closest(".card")).borderTopColor; // a colour that a canvas understands
    const colours = palettes[document.documentElement.dataset.bsTheme] || palettes.light;
    chart?.destroy();
    chart = new Chart(canvas, {
      type: "bar",
      data: {
        labels: data.days,
        datasets: data.channels.map((channel, index) => ({
          label: channel.label,
          data: channel.cost,
          people: channel.recipients,
          backgroundColor: colours[index % colours.length],
          stack: "cost",
        })),
      },
      options: {
        animation: false,
        locale: language,
        maintainAspectRatio: false,
        scales: {
          x: { stacked: true, ticks: { color: ink }, grid: { display: false } },
          y: { stacked: true, beginAtZero: true, ticks: { color: ink }, grid: { color: grid }, title: { display: true, text: data.words.cost, color: ink } },
        },
        plugins: {
          legend: { labels: { color: ink } },
          tooltip: {
            callbacks: {
              afterLabel: (item) => `${data.words.recipients}: ${item.dataset.people[item.dataIndex].toLocaleString(language)}`,
            },
          },
        },
      },
    });
  };
  draw();
  new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
})();
