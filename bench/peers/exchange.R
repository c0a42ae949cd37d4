# What the R peers share with bench/run.js; see bench/run-program.js and exchange.py.
read_request <- function() {
  files <- commandArgs(trailingOnly = TRUE)
  jsonlite::fromJSON(files[length(files)])
}

load_case <- function(request) {
  shape <- jsonlite::fromJSON(file.path(request$folder, "shape.json"))
  read <- function(name, what, count) {
    readBin(file.path(request$folder, name), what, n = count, size = 4, endian = "little")
  }
  n <- shape$nSamples
  d <- shape$nFeatures
  labels <- if (is.null(request$labels)) "labels.u32" else paste0("labels-", request$labels, ".u32")
  y <- read(labels, "integer", n)
  if (shape$kind == "dense") {
    X <- matrix(read("X.f32", "numeric", n * d), nrow = n, byrow = TRUE)
  } else {
    X <- as(Matrix::sparseMatrix(
      j = read("indices.u32", "integer", shape$nonzeros) + 1, p = read("indptr.u32", "integer", n + 1),
      x = read("values.f32", "numeric", shape$nonzeros), dims = c(n, d), repr = "R"
    ), "CsparseMatrix")
  }
  list(X = X, y = y)
}

# W (d x K) and b of the softmax model that a glmnet fit is at its i-th lambda.
softmax_model <- function(fit, i) {
  if (inherits(fit, "multnet")) {
    return(list(W = sapply(fit$beta, function(beta) as.numeric(beta[, i])), b = as.numeric(fit$a0[, i])))
  }
  w <- as.numeric(fit$beta[, i])
  list(W = cbind(-w / 2, w / 2), b = c(-1, 1) * fit$a0[[i]] / 2)
}

# The bench's one objective: mean loss + ridge * sum(W^2) + lasso * sum(|W|).
objective <- function(model, data, ridge, lasso) {
  s <- sweep(as.matrix(data$X %*% model$W), 2, model$b, "+")
  top <- s[cbind(seq_len(nrow(s)), max.col(s, ties.method = "first"))]
  loss <- mean(log(rowSums(exp(s - top))) + top - s[cbind(seq_along(data$y), data$y + 1)])
  loss + ridge * sum(model$W^2) + lasso * sum(abs(model$W))
}

# After a run of `first` seconds calls `once`, which gives a run's seconds, as often as bench/ladder.js repeats.
repeat_run <- function(first, request, once) {
  seconds <- first
  while (is_run_again(seconds, request)) seconds <- c(seconds, once())
}

# bench/ladder.js, isRunAgain.
is_run_again <- function(seconds, request) {
  ours <- request$ours
  if (!is.null(ours) && seconds[1] > min(10, 20 * ours)) return(FALSE)
  if (length(seconds) < request$repeats) return(TRUE)
  length(seconds) < 1000 && sum(seconds) < 1
}

report <- function(...) {
  cat(jsonlite::toJSON(list(...), auto_unbox = TRUE, digits = NA), "\n", sep = "")
  flush(stdout())
}
