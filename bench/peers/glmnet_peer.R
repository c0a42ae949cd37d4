# glmnet on one case: glmnet_peer.R <case folder>. A path of lambdas that ends at the case's own, at several thresholds.
suppressMessages(library(glmnet))
folder <- commandArgs(trailingOnly = TRUE)[1]
meta <- jsonlite::fromJSON(file.path(folder, "meta.json"))
read <- function(name, what, count) {
  readBin(file.path(folder, name), what, n = count, size = 4, endian = "little")
}
n <- meta$nSamples
d <- meta$nFeatures
y <- read("labels.u32", "integer", n)
if (meta$kind == "dense") {
  X <- matrix(read("X.f32", "numeric", n * d), nrow = n, byrow = TRUE)
} else {
  starts <- read("indptr.u32", "integer", n + 1)
  X <- Matrix::sparseMatrix(
    j = read("indices.u32", "integer", meta$nonzeros) + 1, p = starts, x = read("values.f32", "numeric", meta$nonzeros),
    dims = c(n, d), repr = "R"
  )
  X <- as(X, "CsparseMatrix")
}
total <- meta$lasso + 2 * meta$ridge
alpha <- meta$lasso / total
objective <- function(fit) {
  coefficients <- coef(fit, s = total)
  W <- sapply(coefficients, function(column) as.numeric(column)[-1])
  b <- sapply(coefficients, function(column) as.numeric(column)[1])
  s <- sweep(as.matrix(X %*% W), 2, b, "+")
  top <- apply(s, 1, max)
  mean(log(rowSums(exp(s - top))) + top - s[cbind(seq_len(n), y + 1)]) + meta$ridge * sum(W^2) + meta$lasso * sum(abs(W))
}
for (thresh in c(1e-4, 1e-6, 1e-8, 1e-10, 1e-12)) {
  seconds <- system.time(
    fit <- glmnet(X, factor(y), family = "multinomial", alpha = alpha, standardize = FALSE, thresh = thresh,
      maxit = 1e7, lambda = total * exp(seq(log(100), 0, length.out = 10)))
  )[["elapsed"]]
  cat(jsonlite::toJSON(list(
    program = "glmnet", settings = list(thresh = thresh), seconds = seconds, objective = objective(fit),
    version = as.character(packageVersion("glmnet"))
  ), auto_unbox = TRUE, digits = NA), "\n")
  if (seconds > 40) break
}
