import { build, transform } from "esbuild"; import { minify } from "terser"; import {readFileSync,writeFileSync,readdirSync} from "node:fs"; import {brotliCompressSync,constants} from "node:zlib";
import { fileURLToPath } from "node:url";
import { slots, filled, themed, BUILT } from "./test/composition.mjs"; import { makeConfig } from "./test/fixture.mjs";
const br=(t)=>brotliCompressSync(t,{params:{[constants.BROTLI_PARAM_QUALITY]:11}}).length;
const CHANGED = { epochs: { preferences: 1, statistics: 1, marketing: 2 }, changes: { marketing: [{ epoch: 2, kind: "added", name: "_adpix", provider: "AdPix Ltd" }] } };
const cfg=readFileSync("build.mjs","utf8");
const OURS=eval(cfg.match(/const OURS = (\/.*\/);/)[1]);const SHORT=eval("("+cfg.match(/const SHORT = (\{[^]*?\});/)[1]+")");
const SRC=new URL("src/",import.meta.url);
const styles={name:"s",setup({onLoad}){onLoad({filter:/\.css$/},()=>({contents:"export default ''",loader:"js"}))}};
async function bundle(contents,format,min){const { outputFiles } = await build({stdin:{contents,resolveDir:fileURLToPath(SRC)},bundle:true,minify:min,format,target:"es2022",legalComments:"none",...(format==="iife"?{mangleProps:OURS,mangleCache:{...SHORT}}:{}),plugins:[styles],tsconfigRaw:"{}",write:false});return outputFiles[0].text}
const main={min:await bundle('import "./main.js"',"iife",true),raw:await bundle('import "./main.js"',"iife",false)};
const parts={};for(const n of ["google","blocking"])parts[n]=(await bundle(`import it from "./parts/${n}.js"; export default it`,"esm",false)).replace(/export \{\s*(\w+) as default\s*\};/,"return $1;");
const config=makeConfig({languages:["en"],...CHANGED});const lit=slots(config);
const css=readFileSync(new URL("banner.css",BUILT),"utf8")+readFileSync(new URL("layouts/bar.css",BUILT),"utf8")+themed(config.theme);
export async function score({src="min",ecma=2020,globals="",...compress}){
  let text=main[src]; 
  if(globals){const g=globals.split(" ");text=`((${g})=>{${text}})(${g})`}
  const o={ecma,compress,mangle:{toplevel:true}};
  const {code}=await minify(text,structuredClone(o));
  const p=[];for(const n in parts){const {code}=await minify(`(() => {${parts[n]}})()`,{ecma,compress:{...compress,expression:true},mangle:{toplevel:true}});p.push(code.replace(/;$/,""))}
  const out=filled(code,{...lit,CSS:JSON.stringify(css),EXTRAS:"[]",OTHER_LANGUAGE:"0",PARTS:`[${p}]`,SETTINGS:'"DffxRVUczNJhXJKKogF4_p1WLj8Cit56kF77PQu1I0k"',TAG:'"0f3a9c1d5b7e2468"'});
  return [br(out),out.length,out];
}
const base={passes:3,unsafe_arrows:true,pure_getters:true};
if(process.argv[2]==="globals"){console.log((await score(base)).slice(0,2));for(const g of ["document","document location","document window","document setTimeout","document addEventListener","document Object","document JSON","document location addEventListener setTimeout","location","window"])console.log(g,(await score({...base,globals:g})).slice(0,2));}
else{
let cur=base,best=(await score(cur))[0];console.log(best);
const opts={src:["min","raw"],ecma:[2022,2020],passes:[1,2,3,5],hoist_funs:[true,false],inline:[0,1,2,3],reduce_funcs:[false,true],reduce_vars:[false,true],collapse_vars:[false,true],join_vars:[false,true],sequences:[false,true],conditionals:[false,true],comparisons:[false,true],booleans:[false,true],if_return:[false,true],negate_iife:[false,true],hoist_props:[false,true],keep_fargs:[true,false],computed_props:[false,true],unsafe_methods:[true,false],unsafe:[true,false],arrows:[true,false],hoist_vars:[true,false],dead_code:[false,true],evaluate:[false,true],loops:[false,true],switches:[false,true],properties:[false,true],typeofs:[false,true],unused:["keep_assign",true],globals:["document","document location",""]};
for(let r=0;r<2;r++)for(const k in opts)for(const v of opts[k]){if(cur[k]===v)continue;try{const s=(await score({...cur,[k]:v}))[0];if(s<best){best=s;cur={...cur,[k]:v};console.log(best,k,v)}}catch{}}
console.log(best,JSON.stringify(cur));}
