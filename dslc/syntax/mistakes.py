from dslc.syntax.errors import Expected
class Failure:
    def __init__(self,tokens,index): self.tokens=tokens; self.index=index
def explain(f):
    t=f.tokens[min(f.index,len(f.tokens)-1)]
    return Expected(t.span,'?',str(t))
