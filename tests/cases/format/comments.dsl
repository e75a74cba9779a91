

# The file's own words.


# A second paragraph.
let   width=64 in 16..256             # aligned with
let rate = 1e-3 in 1e-5..1e-1 log     # this one
let act = relu in [relu,gelu]
# before an item

let alone = 3 # pushed away
let depth = 2   # first part
                # and its second
data { # at a brace
  # before the first
     csv "a.csv"

  # before a statement
  target y; scale zscore   # two statements


  # after the last
}
net {
      h = inputs # deep
        | dense(3)    # a comment | with a bar
      # a whole line

        | relu
  concat(   # open
    h,      # first
    # own line
    inputs
    # before the end
  )
  | dense( outputs )   # out
}
loss huber;train{adam}#last
  # the end
