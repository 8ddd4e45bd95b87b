import numpy as np
from math import *
def lg(x): return lgamma(x)
def diff(eps,n,m,R,delta,Nc):
    M=2*pi*R/delta; k=(sqrt((m-1)**2+4*M*M)-(m-1))/2
    lb=lambda a,b: lg(a+1)-lg(b+1)-lg(a-b+1)
    E=exp(lb(m+k,m))+exp(lb(m+k-1,m))
    D=Nc-1; Lf=k*sqrt(D)/R
    logW=.5*log(m/6)+(log(2)+((m+1)/2)*log(pi)+log(Nc)-lg((m+1)/2))/m+log(R)-log(n)/m
    return (2*D*Nc*E-n*D)*(.5*log2(D)+.5*log2(Nc)-log2(eps)+log2(Lf)+logW/log(2)),k,E
print(diff(.001,60000,14,17.179045827183984,2.3987084824335305,10))
print(diff(.01,50000,27,54.9156786783691,2.7506414616587023,10))
print(diff(.01,1797,8,4.8060,1.17925,10))
def data(name,std=True,dedup=False):
    d=np.load(f'/work/main/examples/data/{name}.npz'); x=np.concatenate([d['x_train'],d['x_test']]).astype(float); y=np.concatenate([d['y_train'],d['y_test']])
    if dedup: x,i=np.unique(x,axis=0,return_index=True); y=y[i]
    if std: x=(x-x.mean(0))/x.std(0)
    D=np.sqrt(((x[:,None]-x[None])**2).sum(-1)); 
    R=sqrt((x**2).sum(-1).max()); delta=D[y[:,None]!=y].min()
    S=np.sort(D,1)[:,1:6]; m=1/np.mean(np.log(S[:,-1:]/S[:,:-1]))
    return len(x),m,R,delta,len(np.unique(y))
for nm,kw in [('digits',dict(std=False)),('iris',dict(dedup=True)),('breast_cancer',{}),('wine',{})]:
    n,m,R,dl,c=data(nm,**kw); print(nm,n,m,repr(R),repr(dl),c,diff(.01,n,round(m),R,dl,c))
