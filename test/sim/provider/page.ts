/** The page of the simulator: both directions as they go, commands, and buttons for what goes wrong. */
export const PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Provider simulator</title>
<style>
body{font:14px/1.4 system-ui,sans-serif;margin:1rem;color-scheme:light dark}
h1{font-size:1.2rem}h2{font-size:1rem;margin:1.2rem 0 .3rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.2rem .6rem;border-bottom:1px solid #8884;vertical-align:top}
td{white-space:pre-wrap;overflow-wrap:anywhere}
button,input{font:inherit}button{margin:.15rem .3rem .15rem 0;padding:.2rem .6rem}
#command{width:min(40rem,70vw)}pre{white-space:pre-wrap}#problems{color:#dc2626}
</style></head><body>
<h1>Provider simulator <small id="stands"></small></h1>
<form id="do"><label>Command <input id="command" placeholder="say chat-1 Hello!" autocomplete="off"></label>
<button>Do</button></form><pre id="answer"></pre>
<h2>What goes wrong next</h2><div id="faults"></div><pre id="waiting"></pre>
<h2>What a platform that keeps its word never does</h2><pre id="problems"></pre>
<h2>From the platform (<span id="taken-count"></span>)</h2><table><thead><tr><th>Chat<th>Text<th>Ids<th>Key<th>Changed to
</tr></thead><tbody id="taken"></tbody></table>
<h2>From customers (<span id="posted-count"></span>)</h2><table><thead><tr><th>Chat<th>Text<th>Id<th>Read</tr></thead>
<tbody id="posted"></tbody></table>
<h2>Requests</h2><table><tbody id="seen"></tbody></table>
<h2>Webhook</h2><table><tbody id="events"></tbody></table>
<script>
const $=(id)=>document.getElementById(id);
const table=(id,rows)=>{const body=$(id);body.replaceChildren();for(const cells of rows){const tr=document.createElement('tr');
for(const text of cells){const td=document.createElement('td');td.textContent=text??'';tr.append(td)}body.append(tr)}};
const post=async(path,body)=>(await fetch('/_sim/'+path,{method:'POST',headers:{'content-type':'application/json'},
body:JSON.stringify(body)})).json();
const run=async(command)=>{const a=await post('command',{command});$('answer').textContent=a.said??a.error;show()};
const button=(label,command)=>{const b=document.createElement('button');b.textContent=label;b.onclick=()=>run(command);$('faults').append(b)};
button('3 s late ×5','fault slow,times=5');button('7 s late ×1','fault slow,ms=7000');
button('Hang ×1','fault hang');button('Taken, then hang ×1','fault hang_after');
button('503 ×10','fault status,times=10');button('429 for 5 s ×2','fault status,status=429,retryAfter=5,times=2');
button('422 ×1','fault status,status=422');button('Redirect ×1','fault redirect');
button('Broken before ×3','fault reset_before,times=3');button('Broken after taking ×3','fault reset_after,times=3');
button('Garbage ×1','fault garbage');button('Page of history again','fault repeat_page');
button('Down','down');button('Up','up');button('Calm','calm');
button('Honest','story honest');button('Lying','story lying');button('Failing','story failing');
button('A day','day');button('Help','help');
const time=(at)=>new Date(at).toLocaleTimeString();
async function show(){
 const s=await (await fetch('/_sim/state')).json();
 $('stands').textContent=(s.connected?'connected':'not connected')+(s.down?', down':'')+', story: '+s.story;
 $('waiting').textContent=s.faults.map((f)=>f.kind+' ×'+(f.times??1)).join(', ');
 $('problems').textContent=s.problems.join('\\n')||'nothing so far';
 $('taken-count').textContent=s.counts.taken;$('posted-count').textContent=s.counts.posted;
 table('taken',s.taken.reverse().map((t)=>[t.chat,t.text,t.id+' / '+t.externalId,t.key,t.edits.at(-1)]));
 table('posted',s.posted.reverse().map((p)=>[p.chat,p.text,p.id,p.read?'read':'']));
 table('seen',s.seen.reverse().map((r)=>[time(r.at),r.endpoint,r.status,r.key,r.chat]));
 table('events',s.events.reverse().map((e)=>[e.type,e.id]));
}
$('do').onsubmit=(e)=>{e.preventDefault();run($('command').value)};
show();setInterval(show,1000);
</script></body></html>`;
