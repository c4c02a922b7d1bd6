/** The page of the stand-in: who sees a popup, the call history, and buttons for what goes wrong. */
export const PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>RetailCRM stand-in</title>
<style>
body{font:14px/1.4 system-ui,sans-serif;margin:1rem;color-scheme:light dark}
h1{font-size:1.2rem}h2{font-size:1rem;margin:1.2rem 0 .3rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.2rem .6rem;border-bottom:1px solid #8884}
.users{display:flex;gap:.8rem;flex-wrap:wrap}.user{border:1px solid #8886;border-radius:8px;padding:.6rem;min-width:12rem}
.popup{background:#2563eb;color:#fff;border-radius:6px;padding:.3rem .5rem;margin-top:.3rem}
button{font:inherit;margin:.15rem .3rem .15rem 0;padding:.2rem .6rem}
input,select{font:inherit;width:11rem}pre{white-space:pre-wrap}
</style></head><body>
<h1>RetailCRM stand-in <small id="module"></small></h1>
<h2>Managers and their popups</h2><div class="users" id="users"></div>
<h2>Click</h2>
<form id="click"><label>Manager <select id="who"></select></label>
<label>Phone <input id="phone" value="+375290000001"></label>
<select id="method"><option>GET</option><option>POST</option></select>
<button>Call</button> <button type="button" id="account">Open account</button></form><pre id="answer"></pre>
<h2>What goes wrong next</h2><div id="faults"></div><pre id="pending"></pre>
<h2>Call history (<span id="rows"></span>)</h2><table><thead><tr><th>Date<th>Type<th>Phone<th>Code<th>Result
<th>Talk, s<th>Waiting, s<th>externalId<th>Record</tr></thead><tbody id="history"></tbody></table>
<h2>Popup journal (<span id="count"></span>)</h2><table><thead><tr><th>At<th>Type<th>Phone<th>Codes<th>Status
<th>Call</tr></thead><tbody id="popups"></tbody></table>
<h2>Requests</h2><table><tbody id="seen"></tbody></table>
<script>
const $=(id)=>document.getElementById(id);
const cell=(row,text)=>{const td=document.createElement('td');td.textContent=text??'';row.append(td)};
const table=(id,rows)=>{const body=$(id);body.replaceChildren();for(const cells of rows){const tr=document.createElement('tr');
for(const text of cells)cell(tr,text);body.append(tr)}};
const post=async(path,body)=>{const r=await fetch('/_sim/'+path,{method:'POST',headers:{'content-type':'application/json'},
body:JSON.stringify(body??{})});return r.json()};
const button=(label,run)=>{const b=document.createElement('button');b.textContent=label;b.onclick=async()=>{await run();show()};
$('faults').append(b)};
button('3 s late ×5',()=>post('faults',{kind:'latency',ms:3500,times:5}));
button('Hang ×3',()=>post('faults',{kind:'hang',times:3}));
button('500 ×10',()=>post('faults',{kind:'status',status:500,times:10}));
button('502 ×10',()=>post('faults',{kind:'status',status:502,times:10}));
button('200 success:false ×3',()=>post('faults',{kind:'success_false',times:3}));
button('Cut after commit ×1',()=>post('faults',{kind:'cut_after_commit'}));
button('Clear',()=>post('clear-faults'));
button('Revoke the key',()=>post('key',{revoked:true}));
button('Restore the key',()=>post('key',{revoked:false}));
button('Switch the module off',()=>post('module',{active:false}));
button('Switch the module on',()=>post('module',{active:true}));
const time=(at)=>new Date(at).toLocaleTimeString();
let users='';
async function show(){
 const s=await (await fetch('/_sim/state')).json();
 $('module').textContent=s.module?'module '+s.module.code+' is active':'no active telephony module'+(s.keyRevoked?', key revoked':'');
 const codes=new Map((s.module?.telephony.additionalCodes??[]).map((c)=>[c.userId,c.code]));
 const open=new Map();
 for(const p of s.popups)for(const code of p.codes){const key=code+'|'+(p.callExternalId??p.phone);
  if(p.type==='hangup')open.delete(key);else open.set(key,{code,p})}
 const box=$('users');box.replaceChildren();
 for(const u of s.users){const d=document.createElement('div');d.className='user';
  d.textContent=u.firstName+' '+u.lastName+' · '+(codes.get(u.id)??'no code')+' · '+u.status;
  for(const {code,p} of open.values())if(code===codes.get(u.id)){const e=document.createElement('div');e.className='popup';
   e.textContent=(p.type==='in'?'Incoming ':'Outgoing ')+p.phone;d.append(e)}
  box.append(d)}
 const list=s.users.filter((u)=>codes.has(u.id));
 const names=JSON.stringify(list.map((u)=>u.id));
 if(names!==users){users=names;$('who').replaceChildren(...list.map((u)=>new Option(u.firstName+' ('+codes.get(u.id)+')',u.id+'|'+codes.get(u.id))))}
 $('pending').textContent=s.faults.map((f)=>f.kind+' ×'+(f.times??1)).join(', ');
 $('rows').textContent=s.counts.history;$('count').textContent=s.counts.popups;
 table('history',s.history.slice().reverse().map(({row:r})=>[r.date,r.type,r.phone,r.code??r.userId,r.result,r.duration,r.durationWaiting,r.externalId,r.recordUrl]));
 table('popups',s.popups.slice().reverse().map((p)=>[time(p.at),p.type,p.phone,p.codes.join(', '),p.hangupStatus,p.callExternalId]));
 table('seen',s.seen.slice().reverse().map((r)=>[time(r.at),r.method,r.path,r.status]));
}
$('click').onsubmit=async(e)=>{e.preventDefault();const [userId,code]=$('who').value.split('|');
 $('answer').textContent=JSON.stringify(await post('click',{method:$('method').value,userId:Number(userId),code,phone:$('phone').value}))};
$('account').onclick=async()=>{$('answer').textContent=JSON.stringify(await post('account'))};
show();setInterval(show,1000);
</script></body></html>`;
