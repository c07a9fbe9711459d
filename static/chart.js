/* Draws the spend of the last days; the same figures stand in the table below it, and come anew with it. */
"use strict";
(() => {
  const canvas = document.getElementById("spend");
  if (!canvas) return;
  /* A colour for each channel, the same on every day and page; "" are jobs made elsewhere. */
  const palettes = {
    light: {
      sms: "#0a5aa8", viber: "#8431c4", whatsapp: "#1d7a33", tg: "#0e9bb0", bot: "#3d4ad1", mail: "#c2410c",
      mms: "#a8206f", call: "#b7791f", soc: "#c62828", hlr: "#7a5230", ping: "#6b8e23", "": "#55606f",
    },
    dark: {
      sms: "#79b8f5", viber: "#cd9cf7", whatsapp: "#5ecb78", tg: "#67d3e0", bot: "#98a2ff", mail: "#fb923c",
      mms: "#f58ac6", call: "#f5c04a", soc: "#ff8a80", hlr: "#c9a27e", ping: "#b5d65c", "": "#a5b0c0",
    },
  };
  const language = document.documentElement.lang;
  let chart;
  let drawn = "";
  const draw = () => {
    drawn = document.getElementById("spend-data")?.textContent || "null";
    const data = JSON.parse(drawn);
    chart?.destroy();
    chart = undefined;
    document.getElementById("spend-chart").hidden = !data?.channels.length;
    if (!data?.channels.length) return;
    const ink = getComputedStyle(document.body).color;
    const grid = getComputedStyle(canvas.closest(".card")).borderTopColor; // a colour that a canvas understands
    const colours = palettes[document.documentElement.dataset.bsTheme] || palettes.light;
    chart = new Chart(canvas, {
      type: "bar",
      data: {
        labels: data.days,
        datasets: data.channels.map((channel) => ({
          label: channel.label,
          data: channel.cost,
          people: channel.recipients,
          backgroundColor: colours[channel.channel],
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
  document.addEventListener("htmx:afterSettle", () => {
    if ((document.getElementById("spend-data")?.textContent || "null") !== drawn) draw();
  });
  new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
})();
