"""Makes cases.json: tokenizer files of every part in random arrangements, and some by hand that were once encoded otherwise, with what the
`tokenizers` library gives for random texts. `python make.py > cases.json`; made with tokenizers 0.23.3.

Left out is what the library itself does not do alike twice (two added tokens of one normalised text), where it fails on its own, and what
is not of characters (`\\X`)."""
import json, random, sys
from tokenizers import Tokenizer
R=random.Random()
WORDS="hello world the The THE cat cats don't I'll we've they're it's IT'S un été Été ÉTÉ l'été aujourd'hui œuvre ça naïve façon garçon 12 123 2024 3.14 1,000 a b c ab abc abcabc foo_bar fooBar x=y+1; {}() <s> </s> [CLS] [MASK] [SEP] <unk> [UNK] <|end|> ## ##a <0x41> <0x0A> ▁ ▁a Ġ Ġa Ċ do not n't 'm | <pad> ".split()
ATOMS=WORDS*2+[" "]*30+["  ","   ","\n","\n\n","\r\n","\r","\t"," \n ","\u00a0","\u202f","\u2009","\u3000","\u2003","\u2028","\u2029","\x0b","\x0c","\x1c","\x1f","\x85","\u1680","\u180e"]+[
"e\u0301","E\u0301t","\u0301","\u0301\u0323","\u0323\u0301","q\u0307\u0323","o\u0302\u0301","\u1ebf","İ","I\u0307","ı","ß","ẞ","ﬁ","ﬃ","Ǆ","ǅ","Σ","Σς","ΟΔΟΣ","ſ","\u212a","\u212b","Å","A\u030a","ﬀ","½","²","Ⅷ","①","㎏","㍿","Ａ","１","ｱ","ｶﾞ","ガ","か\u3099","が",
"한국어","\u1112\u1161\u11ab","\u1100\u1161","각","한","日本語","漢字","東京","𠀀","𠮷","豈","\uf900","ひらがな","カタカナ","ー","。","、","「","」","・",
"العربية","مَرْحَبًا","\u0640","\ufdfa","٣","۴","שלום","שָׁ","ไทย","ที่","क्षि","নি","\u09cb","\u0bca","ໍາ","ำ","བོད","မြန်",
"👨\u200d👩\u200d👧","🙂","👍🏽","🇫🇷","🇫","❤\ufe0f","1\ufe0f\u20e3","🏴\U000e0067\U000e007f","☺",
"\x00","\x01","\x07","\x1b","\x7f","\x9f","\u200b","\u200c","\u200d","\u200e","\u2060","\ufeff","\ufffd","\u00ad","\ufffe","\uffff","\u0378","\ue000","\U0010ffff","\U000f0000","\U0001d15e","\u2adc","𝐀","𝒜","𝔘","\u0345","\u0f73","\u1e9b\u0323","\u0344","\u1fb3","ͅ",
"«","»","\u00ab\u202f","\u202f!","\u202f?","\u00a0:","…","—","–","“","”","’","l’","qu’","€","£","©","°","§","¿","¡","!","?",".",",",":",";","-","_","'","\"","`","^","$","+","<","=",">","|","~","\\","/","(",")","[","]","{","}","@","#","%","&","*",
"aaaaaaaaaaaaaaaaaaaaaaaa","          ","!!!!!!","\n\n\n\n","111111111","ééééé","漢漢漢漢漢","🙂🙂🙂","abababababab","\u0301\u0301\u0301\u0301"]
def rchar():
    while True:
        m=R.random()
        c=R.randrange(0x80) if m<.3 else R.randrange(0x3100) if m<.7 else R.randrange(0x10000) if m<.9 else R.randrange(0x110000)
        if not 0xd800<=c<0xe000: return chr(c)
def text(n=None):
    n=R.choice([0,1,1,2,3,5,8,12,20,40]) if n is None else n
    out=[]
    for _ in range(n):
        out.append(R.choice(ATOMS) if R.random()<.93 else rchar())
        if R.random()<.35: out.append(" ")
    return "".join(out)
REGEX=["\\s+","\\s","[a-z]+","[^a-z]","\\d{1,3}","\\p{L}+","\\p{N}","[aeiou]","\\w+|[^\\w\\s]+","\\b","(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
"'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+","\\p{Lu}","\\p{Han}","[\\p{Han}\\p{Hiragana}]+","\\S","$","^","x*","(?<=a)b","(?<!\\s)\\p{P}","a|ab","(a)(b)?","[[:alpha:]]+","[[:punct:]]","[\\p{L}&&[^a-z]]+",".","(?s:.)","[\\r\\n]","\\p{M}+","\\R","\\h","(?m)^a","[^\\S\\n]+","\\p{Greek}","(?=[A-Z])","\\p{Sc}","(?:é|É)t","\\p{Cc}","[\\u00e0-\\u00ff]","\\x{4e00}",
"[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
" ?[^(\\s|[.,!?…。，、।۔،])]+","\\p{N}{1,3}","[一-龥぀-ゟ゠-ヿ]+","[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~]+","(?i:hello)","\\p{Ll}\\p{Lu}","\\d+(?=\\D)","[0-9](?=(?:[0-9]{3})+(?![0-9]))","\\s+$","\\A\\s+","(?>a+)b","a++b","a{2,3}?","[\\d\\p{P}]+"]
def pattern(): 
    if R.random()<.5: return {"String":R.choice([" ","a","é","▁","\n","ab","  ","e\u0301","日","🙂",".","","|","<s>","'"])}
    return {"Regex":R.choice(REGEX)}
BEH=["Removed","Isolated","MergedWithPrevious","MergedWithNext","Contiguous"]
def norm(depth=0):
    k=R.choice(["NFC","NFD","NFKC","NFKD","Lowercase","StripAccents","Strip","Replace","Prepend","Nmt","BertNormalizer","BertNormalizer","ByteLevel"]+(["Sequence"]*6 if depth<2 else []))
    if k=="Strip": return {"type":k,"strip_left":R.random()<.6,"strip_right":R.random()<.6}
    if k=="Replace": return {"type":k,"pattern":pattern(),"content":R.choice(["","▁"," ","x","xyz","é","漢","  ","🙂"])}
    if k=="Prepend": return {"type":k,"prepend":R.choice(["▁"," ","ab","é"])}
    if k=="BertNormalizer": return {"type":k,"clean_text":R.random()<.6,"handle_chinese_chars":R.random()<.6,"strip_accents":R.choice([None,True,False]),"lowercase":R.random()<.6}
    if k=="Sequence": return {"type":k,"normalizers":[norm(depth+1) for _ in range(R.choice([0,1,2,2,3]))]}
    return {"type":k}
def pre(depth=0):
    k=R.choice(["ByteLevel","ByteLevel","BertPreTokenizer","Whitespace","WhitespaceSplit","Metaspace","Metaspace","Punctuation","Digits","Split","Split","Split","UnicodeScripts","CharDelimiterSplit","FixedLength"]+(["Sequence"]*8 if depth<2 else []))
    if k=="ByteLevel": return {"type":k,"add_prefix_space":R.random()<.5,"trim_offsets":R.random()<.5,"use_regex":R.random()<.6}
    if k=="Metaspace": return {"type":k,"replacement":R.choice(["▁","▁","_","Ġ"]),"prepend_scheme":R.choice(["always","first","never"]),"split":R.random()<.6}
    if k=="Punctuation": return {"type":k,"behavior":R.choice(BEH)}
    if k=="Digits": return {"type":k,"individual_digits":R.random()<.5}
    if k=="Split": return {"type":k,"pattern":pattern(),"behavior":R.choice(BEH),"invert":R.random()<.4}
    if k=="CharDelimiterSplit": return {"type":k,"delimiter":R.choice([" ","a","é","|","\n","漢","🙂"])}
    if k=="FixedLength": return {"type":k,"length":R.choice([1,2,5])}
    if k=="Sequence": return {"type":k,"pretokenizers":[pre(depth+1) for _ in range(R.choice([0,1,2,2,3]))]}
    return {"type":k}
def dec(depth=0):
    k=R.choice(["ByteLevel","WordPiece","Metaspace","BPEDecoder","ByteFallback","Fuse","Strip","Replace","CTC"]+(["Sequence"]*8 if depth<2 else []))
    if k=="ByteLevel": return {"type":k,"add_prefix_space":R.random()<.5,"trim_offsets":R.random()<.5,"use_regex":R.random()<.6}
    if k=="WordPiece": return {"type":k,"prefix":R.choice(["##","##","","▁","a"]),"cleanup":R.random()<.6}
    if k=="Metaspace": return {"type":k,"replacement":R.choice(["▁","▁","_"]),"prepend_scheme":R.choice(["always","first","never"]),"split":R.random()<.6}
    if k=="BPEDecoder": return {"type":k,"suffix":R.choice(["</w>","","a"," "])}
    if k=="Strip": return {"type":k,"content":R.choice([" ","a","▁","é"]),"start":R.choice([0,1,2]),"stop":R.choice([0,0,1,2])}
    if k=="Replace": return {"type":k,"pattern":pattern(),"content":R.choice([""," ","xyz"])}
    if k=="CTC": return {"type":k,"pad_token":R.choice(["<pad>","a"]),"word_delimiter_token":R.choice(["|"," "]),"cleanup":R.random()<.6}
    if k=="Sequence": return {"type":k,"decoders":[dec(depth+1) for _ in range(R.choice([0,1,2,3,4]))]}
    return {"type":k}
ADDED=["<s>","</s>","[CLS]","[SEP]","[MASK]","[PAD]","<unk>","<|end|>"," hello","hello","été","É","a","▁a","日本","漢","  ","\n\n","İ","e\u0301","hello world","the","🙂","1","12","ab","abc","'s","."," ","é","Σ","한국","don't"]
def added(vocab):
    out=[]; used=set()
    nxt=max(vocab.values(),default=-1)+1
    names=R.sample(ADDED,R.choice([0,1,2,3,5,8]))
    for n in names:
        if n in vocab: i=vocab[n]
        else: i=nxt; nxt+=1
        out.append({"id":i,"content":n,"single_word":R.random()<.25,"lstrip":R.random()<.25,"rstrip":R.random()<.25,"normalized":R.random()<.5,"special":R.random()<.5})
    out.sort(key=lambda t:t["id"])
    return out
def template(vocab,addl):
    pool=[(t["content"],t["id"]) for t in addl]+[(k,v) for k,v in list(vocab.items())[:6]]
    sp={}
    for name,i in R.sample(pool,min(len(pool),R.choice([0,1,2,3]))):
        if R.random()<.25 and len(pool)>1:
            extra=R.sample(pool,2); sp[name]={"id":name,"ids":[e[1] for e in extra],"tokens":[e[0] for e in extra]}
        else: sp[name]={"id":name,"ids":[i],"tokens":[name if R.random()<.9 else "other"]}
    def parts(seqs):
        p=[{"Sequence":{"id":s,"type_id":R.choice([0,0,1,2])}} for s in seqs]
        for n in sp:
            if R.random()<.7: p.insert(R.randrange(len(p)+1),{"SpecialToken":{"id":n,"type_id":R.choice([0,0,1])}})
        return p
    return {"type":"TemplateProcessing","single":parts(["A"]),"pair":parts(R.choice([["A","B"],["A","B"],["B","A"]])),"special_tokens":sp}
def post(vocab,addl,depth=0):
    pool=[[t["content"],t["id"]] for t in addl]+[[k,v] for k,v in list(vocab.items())[:6]]
    k=R.choice(["TemplateProcessing","TemplateProcessing","BertProcessing","RobertaProcessing","ByteLevel"]+(["Sequence"]*2 if depth<1 else []))
    if k in("BertProcessing","RobertaProcessing") and not pool: k="ByteLevel"
    if k=="TemplateProcessing": return template(vocab,addl)
    if k=="BertProcessing": return {"type":k,"sep":R.choice(pool),"cls":R.choice(pool)}
    if k=="RobertaProcessing": return {"type":k,"sep":R.choice(pool),"cls":R.choice(pool),"trim_offsets":R.random()<.5,"add_prefix_space":R.random()<.5}
    if k=="ByteLevel": return {"type":k,"add_prefix_space":R.random()<.5,"trim_offsets":R.random()<.7,"use_regex":R.random()<.5}
    return {"type":"Sequence","processors":[{"type":"ByteLevel","add_prefix_space":R.random()<.5,"trim_offsets":R.random()<.7,"use_regex":True} if R.random()<.5 else post(vocab,addl,1) for _ in range(R.choice([1,2,2]))]}
def pieces(n,p,texts):
    base={"version":"1.0","truncation":None,"padding":None,"added_tokens":[],"normalizer":n,"pre_tokenizer":p,"post_processor":None,"decoder":None,"model":{"type":"WordLevel","vocab":{"u":0},"unk_token":"u"}}
    t=Tokenizer.from_str(json.dumps(base))
    out=[]
    for s in texts:
        s2=t.normalizer.normalize_str(s) if t.normalizer else s
        if t.pre_tokenizer: out+= [x[0] for x in t.pre_tokenizer.pre_tokenize_str(s2)]
        elif s2: out.append(s2)
    return out
BYTES=["<0x%02X>"%i for i in range(256)]
def model(pcs):
    k=R.choice(["BPE","BPE","BPE","WordPiece","WordPiece","Unigram","Unigram","WordLevel"])
    chars=sorted(set("".join(pcs)))
    keep=[c for c in chars if R.random()<R.choice([.5,.9,1.0])]
    unk=R.choice(["<unk>","[UNK]","u"])
    def ids(toks):
        toks=list(dict.fromkeys(toks)); 
        if R.random()<.2: R.shuffle(toks)
        return {t:i for i,t in enumerate(toks)}
    if k=="WordLevel":
        toks=[unk] if R.random()<.9 else []
        toks+=R.sample(pcs,int(len(pcs)*R.choice([.3,.8,1])))
        v=ids(toks)
        if R.random()<.1: v={t:i*3+1 for t,i in v.items()}
        return {"type":k,"vocab":v,"unk_token":unk}
    if k=="WordPiece":
        pf=R.choice(["##","##","##","","▁","a"])
        toks=[unk] if R.random()<.9 else []
        for c in keep:
            toks.append(c); toks.append(pf+c)
        for p in R.sample(pcs,min(len(pcs),60)):
            i=R.randrange(len(p)+1); j=R.randrange(len(p)+1); i,j=min(i,j),max(i,j)
            if i<j: toks.append((pf if i else "")+p[i:j])
        toks=[t for t in toks if t]
        return {"type":k,"unk_token":unk,"continuing_subword_prefix":pf,"max_input_chars_per_word":R.choice([100,100,5,20]),"vocab":ids(toks)}
    if k=="Unigram":
        v=[[unk,0.0]] if R.random()<.85 else []
        bf=R.random()<.4
        uid=0 if v else None
        seen={unk}
        if bf: 
            for b in BYTES: v.append([b,-R.random()*3 if R.random()<.1 else 0.0]); seen.add(b)
            if R.random()<.3: v=[x for x in v if x[0] not in("<0xC3>","<0x20>")]
        for c in keep:
            if c not in seen: v.append([c,round(-1-R.random()*8,R.choice([1,3,8]))]); seen.add(c)
        for p in R.sample(pcs,min(len(pcs),80)):
            i=R.randrange(len(p)+1); j=R.randrange(len(p)+1); i,j=min(i,j),max(i,j)
            if i<j and p[i:j] not in seen: v.append([p[i:j],round(-1-R.random()*12,R.choice([1,3,8]))]); seen.add(p[i:j])
        if R.random()<.1: R.shuffle(v); uid=next((i for i,x in enumerate(v) if x[0]==unk),None)
        if R.random()<.1 and uid is not None: uid=R.choice([None,uid])
        if not v: v=[["a",-1.0]]
        return {"type":k,"unk_id":uid,"vocab":v,"byte_fallback":bf}
    cp=R.choice([None,None,None,"","##","a"]); ew=R.choice([None,None,None,"","</w>","a"])
    bf=R.random()<.3
    toks=[]
    if cp or ew: bf=False
    if R.random()<.7: toks.append(unk)
    if bf: toks+=BYTES if R.random()<.8 else BYTES[:200]
    keepset=set(keep)
    def init(p):
        o=[]
        for i,c in enumerate(p):
            s=c
            if cp and i>0: s=cp+s
            if ew and i==len(p)-1: s=s+ew
            o.append(s)
        return o
    merges=[]; seqs=[]
    for p in R.sample(pcs,min(len(pcs),120)):
        s=[x for x,c in zip(init(p),p)]
        ok=[c in keepset for c in p]
        for x,o in zip(s,ok):
            if o: toks.append(x)
        seqs.append((s,ok))
    for c in keep: toks.append(c)
    vs=set(toks); done=set()
    for _ in range(R.choice([0,10,60,200])):
        if not seqs: break
        s,ok=R.choice(seqs)
        cand=[i for i in range(len(s)-1) if s[i] in vs and s[i+1] in vs]
        if not cand: continue
        i=R.choice(cand); a,b=s[i],s[i+1]
        if (a,b) not in done:
            bb=b[len(cp):] if cp and b.startswith(cp) else b
            if cp and not b.startswith(cp): pass
            merges.append([a,b]); done.add((a,b)); m=a+(b[len(cp):] if cp else b) if (not cp or b.startswith(cp)) else None
            if m is None: merges.pop(); done.discard((a,b)); continue
            if m not in vs: vs.add(m); toks.append(m)
        else: m=a+(b[len(cp):] if cp else b)
        s[i:i+2]=[m]; ok[i:i+2]=[True]
    if R.random()<.15: R.shuffle(merges)
    if R.random()<.3: toks+=R.sample(pcs,min(len(pcs),20))
    v=ids([t for t in toks if t])
    if R.random()<.5 and all(" " not in a and " " not in b for a,b in merges): merges=[a+" "+b for a,b in merges]
    return {"type":k,"dropout":R.choice([None,None,0.0]),"unk_token":unk if R.random()<.6 else None,"continuing_subword_prefix":cp,"end_of_word_suffix":ew,"fuse_unk":R.random()<.5,"byte_fallback":bf,"ignore_merges":R.random()<.3,"vocab":v,"merges":merges}
def make(seed):
    R.seed(seed)
    n=norm() if R.random()<.6 else None
    p=pre() if R.random()<.8 else None
    texts=[text(R.choice([2,4,7])) for _ in range(5)]
    texts+=[" ".join(R.sample(WORDS,6))]
    try: pcs=[x for x in pieces(n,p,texts) if x]
    except BaseException as e: pcs=texts
    if not pcs: pcs=["a"]
    m=model(pcs)
    vocab=m["vocab"] if isinstance(m["vocab"],dict) else {x[0]:i for i,x in enumerate(m["vocab"])}
    ad=added(vocab)
    try:
        tt=Tokenizer.from_str(json.dumps({"version":"1.0","truncation":None,"padding":None,"added_tokens":[],"normalizer":n,"pre_tokenizer":None,"post_processor":None,"decoder":None,"model":{"type":"WordLevel","vocab":{"u":0},"unk_token":"u"}}))
        nz=(lambda s: tt.normalizer.normalize_str(s)) if n else (lambda s:s)
        seen=set()
        for a in ad:
            x=nz(a["content"])
            if a["normalized"] and (x=="" or x in seen): a["normalized"]=False
            if a["normalized"]: seen.add(x)
    except BaseException as e: pass
    po=post(vocab,ad) if R.random()<.6 else None
    de=dec() if R.random()<.8 else None
    tr={"direction":R.choice(["Left","Right"]),"max_length":R.choice([4,8,512]),"strategy":R.choice(["LongestFirst","OnlyFirst","OnlySecond"]),"stride":R.choice([0,0,1])} if R.random()<.2 else None
    pool=[("[PAD]",0)]+list(vocab.items())[:3]
    pt,pi=R.choice(pool)
    pd={"strategy":R.choice(["BatchLongest",{"Fixed":R.choice([4,16])}]),"direction":R.choice(["Left","Right"]),"pad_to_multiple_of":R.choice([None,8]),"pad_id":pi,"pad_type_id":R.choice([0,0,1]),"pad_token":pt} if R.random()<.4 else None
    f={"version":"1.0","truncation":tr,"padding":pd,"added_tokens":ad,"normalizer":n,"pre_tokenizer":p,"post_processor":po,"decoder":de,"model":m}
    return f,texts

def case(t, text, pair=None, special=True, truncate=None):
    t.no_padding(); t.no_truncation()
    if truncate: t.enable_truncation(truncate["length"], stride=truncate["stride"])
    out={"text":text,"add":special}
    if pair is not None: out["pair"]=pair
    if truncate: out["truncate"]=truncate
    try: e=t.encode(text, pair, add_special_tokens=special)
    except Exception: return dict(out, error=True)
    except BaseException: return None  # a panic of the library
    def lists(e): return {"ids":e.ids,"tokens":e.tokens,"offsets":[list(o) for o in e.offsets],"types":e.type_ids,"special":e.special_tokens_mask,"words":[-1 if w is None else w for w in e.word_ids]}
    out.update(lists(e))
    if truncate: out["overflow"]=[lists(o) for o in e.overflowing]
    return out
def entry(f, texts, ids=()):
    t=Tokenizer.from_str(json.dumps(f))
    cases=[case(t,text,special=R.random()<.7) for text in texts]
    cases.append(case(t,texts[0],texts[-1]))
    cases.append(case(t,texts[-1],texts[0],truncate={"length":9,"stride":1}))
    cases=[c for c in cases if c]
    t.no_truncation()
    size=t.get_vocab_size(True)
    lists=[list(x) for x in ids]+[c["ids"] for c in cases[:2] if "ids" in c]+[[R.randrange(size+2) for _ in range(6)]]
    decode=[]
    for x in lists:
        for skip in (True,False): decode.append({"ids":x,"skip":skip,"text":t.decode(x,skip_special_tokens=skip)})
    return {"file":f,"cases":cases,"decode":decode}
def words(n): return {"type":"WordLevel","unk_token":"u","vocab":{w:i for i,w in enumerate(["u"]+n)}}
def wrapped(kind,i): return {"type":kind,"sep":["s%d"%i,i],"cls":["c%d"%i,i+1],**({"trim_offsets":False,"add_prefix_space":False} if kind[0]=="R" else {})}
def by_hand():
    def f(model,**parts): return dict({"version":"1.0","truncation":None,"padding":None,"added_tokens":[],"normalizer":None,"pre_tokenizer":None,"post_processor":None,"decoder":None,"model":model},**parts)
    def token(i,c,**how): return dict({"id":i,"content":c,"single_word":False,"lstrip":False,"rstrip":False,"normalized":False,"special":False},**how)
    space={"type":"WhitespaceSplit"}
    first={"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":True}
    byte=lambda prefix: {"type":"ByteLevel","add_prefix_space":prefix,"trim_offsets":True,"use_regex":True}
    piece={"type":"WordPiece","unk_token":"u","continuing_subword_prefix":"##","max_input_chars_per_word":100,"vocab":{w:i for i,w in enumerate(["u","f","##oo","▁","▁f","▁a","a","##b","b"])}}
    yield f(piece,added_tokens=[token(9,"  ",lstrip=True,rstrip=True,single_word=True,normalized=True)],normalizer={"type":"Nmt"},pre_tokenizer=first),["a          foo","a\n\n\nfoo   foo"],[]
    for before in [space,{"type":"Digits","individual_digits":True},{"type":"Metaspace","replacement":"_","prepend_scheme":"always","split":False}]:
        yield f(piece,pre_tokenizer={"type":"Sequence","pretokenizers":[before,first]}),["foo foo ab"," foo1ab","} a"],[]
    yield f(piece,added_tokens=[token(9,"ab",normalized=True)],pre_tokenizer=first),["ab foo abfoo","foo ab a ab"],[]
    yield f(piece,normalizer={"type":"Strip","strip_left":True,"strip_right":True},pre_tokenizer=first),["  foo a","foo a"],[]
    yield f(words(["a","b"]),added_tokens=[token(7,"x"),token(12,"y",special=True),token(1,"a"),token(40,"x",lstrip=True)],pre_tokenizer=space),["a x y b","ax"],[[3,4,7,12]]
    yield f(words(["a","b"]),added_tokens=[token(9,"y"),token(3,"x")],pre_tokenizer=space),["a x y b","b"],[[3,4,5]]
    for row in [["BertProcessing","BertProcessing"],["RobertaProcessing","BertProcessing"],["BertProcessing","RobertaProcessing"],["RobertaProcessing"],["BertProcessing"]]:
        yield f(words(["a","b"]),added_tokens=[token(3+i,c) for i,c in enumerate(["s3","c3","s5","c5"])],pre_tokenizer=space,post_processor={"type":"Sequence","processors":[wrapped(k,3+2*i) for i,k in enumerate(row)]}),["a b a b a b a b","b a b a b a b a b"],[]
    template={"type":"TemplateProcessing","single":[{"Sequence":{"id":"A","type_id":1}}],"pair":[{"Sequence":{"id":"A","type_id":2}},{"SpecialToken":{"id":"s","type_id":0}},{"Sequence":{"id":"B","type_id":0}}],"special_tokens":{"s":{"id":"s","ids":[1,2],"tokens":["a","b"]}}}
    yield f(words(["a","b"]),pre_tokenizer=space,post_processor=template),["a b a b a b a b a b","b a b"],[]
    letters={"type":"Unigram","unk_id":None,"vocab":[["a",-2.0],["ca",-1.0],["c",-2.0],["at",-3.0]],"byte_fallback":False}
    yield f(letters),["cat","ca","cab"],[]
    yield f(words(["a"]),added_tokens=[token(2,"|")],normalizer={"type":"Sequence","normalizers":[{"type":"Lowercase"},{"type":"Replace","pattern":{"Regex":"\\b"},"content":" "}]}),["|A b|a","É|a|É"],[]
    spelled={"type":"BPE","dropout":None,"unk_token":None,"continuing_subword_prefix":None,"end_of_word_suffix":None,"fuse_unk":False,"byte_fallback":False,"ignore_merges":False,"vocab":{c:i for i,c in enumerate(["Ġ"]+[chr(x) for x in list(range(33,127))+list(range(161,256))]+[chr(x) for x in range(256,324) if x!=288])},"merges":[]}
    for prefix in (True,False):
        for post in [byte(prefix),dict(wrapped("RobertaProcessing",1),trim_offsets=True,add_prefix_space=True)]:
            yield f(spelled,pre_tokenizer=byte(True),post_processor=post,decoder=byte(True)),["🙂 a  🙂b ","𝒜🙂\u3000é"],[]
    for decoder in [{"type":"BPEDecoder","suffix":"</w>"},{"type":"CTC","pad_token":"a","word_delimiter_token":"|","cleanup":True},{"type":"Sequence","decoders":[{"type":"BPEDecoder","suffix":"</w>"},{"type":"Strip","content":"b","start":1,"stop":0}]},{"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"Strip","content":"b","start":1,"stop":1}]},{"type":"Sequence","decoders":[{"type":"ByteLevel","add_prefix_space":False,"trim_offsets":False,"use_regex":True},{"type":"WordPiece","prefix":"##","cleanup":True}]}]:
        yield f(words(["a","b</w>","c","|","n't","b"]),pre_tokenizer=space,decoder=decoder),["a b</w> c b</w>","b a"],[[2,2,3,3,2],[1,1,4,6,1,4,5],[6,2,4,4,6]]
def main():
    entries=[entry(*made) for made in by_hand()]
    seed=0; size=len(json.dumps(entries))
    while size<250_000:
        seed+=1
        f,texts=make(seed)
        f["truncation"]=f["padding"]=None
        try: one=entry(f,texts[:4])
        except BaseException: continue
        length=len(json.dumps(one,ensure_ascii=False))
        if length>9_000: continue
        entries.append(one); size+=length
    print(json.dumps({"made_with":"tokenizers 0.23.3","entries":entries},ensure_ascii=False,separators=(",",":")))
main()
