import { start } from "/work/main/widget/test/harness.mjs";
import { launch } from "/work/main/widget/test/browser/chromium.mjs";
const s=await start(); const b=await launch();
const which=process.argv[2]??"";
for (const [w,hh] of [[320,640],[768,1024],[1440,900]]) for (const scheme of ["light","dark"]) {
  const c=await b.newContext({viewport:{width:w,height:hh},colorScheme:scheme,reducedMotion:"reduce"}); const p=await c.newPage();
  p.on("pageerror",e=>console.log("ERR",e.message)); p.on("console",m=>console.log(m.text()));
  await p.goto(s.url); await p.waitForTimeout(400);
  await p.screenshot({path:`/tmp/shots/one-${w}-${scheme}.png`});
  const r=await p.evaluate(()=>{const x=document.querySelector("body>div").shadowRoot.querySelector("section").getBoundingClientRect();return [x.width,x.height]});
  console.log(w,scheme,r,(r[1]/hh).toFixed(3));
  await p.getByRole("button",{name:"Choose"}).click(); await p.waitForTimeout(200);
  await p.getByText("What is stored").nth(2).click().catch(()=>{});
  await p.screenshot({path:`/tmp/shots/two-${w}-${scheme}.png`});
  await c.close();
}
await b.close(); s.close();
