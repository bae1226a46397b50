import { launch } from "/work/main/widget/test/browser/chromium.mjs";
import { readFileSync } from "fs";
const b=await launch(); const p=await b.newPage({viewport:{width:1500,height:1200}});
const files=process.argv.slice(3);
await p.setContent(`<body style="margin:8px;display:flex;flex-wrap:wrap;gap:8px;background:#888;align-items:flex-start">`+files.map(f=>`<img style="max-height:${process.env.H??580}px" src="data:image/png;base64,${readFileSync(f).toString("base64")}">`).join(""));
await p.waitForTimeout(300);
await p.screenshot({path:process.argv[2],fullPage:true}); await b.close();
