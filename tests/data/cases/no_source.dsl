# task: classes
data { target y }
