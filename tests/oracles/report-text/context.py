"""What ConText of medspacy and NegEx of negspacy state about each mention: python context.py MENTIONS OUT.json

pip install medspacy==1.3.1 negspacy==1.0.4
"""

import json
import sys

import spacy
from medspacy.context import ConText

from negspacy.negation import Negex  # registers the component
from negspacy.termsets import termset

def entity(doc, words):
    start = doc.text.find(words)
    return doc.char_span(start, start + len(words), label="FINDING", alignment_mode="expand")

def main(source, target):
    mentions = json.load(open(source))
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    context = ConText(nlp)
    negex = Negex(nlp, "negex", neg_termset=termset("en").get_patterns(), ent_types=["FINDING"], extension_name="negex", chunk_prefix=[])
    out = []
    for mention in mentions:
        doc = nlp(mention["sentence"])
        doc.ents = [entity(doc, mention["words"])]
        one = context(doc).ents[0]
        doc2 = nlp(mention["sentence"])
        doc2.ents = [entity(doc2, mention["words"])]
        other = negex(doc2).ents[0]
        out.append({
            **mention,
            "medspacy": {
                "negated": bool(one._.is_negated),
                "uncertain": bool(one._.is_uncertain),
                "historical": bool(one._.is_historical),
                "hypothetical": bool(one._.is_hypothetical),
            },
            "negspacy": {"negated": bool(other._.negex)},
        })
    json.dump(out, open(target, "w"), indent=1)

main(sys.argv[1], sys.argv[2])
