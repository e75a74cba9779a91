use "round_again.dsl"

activation bent(x) = x
