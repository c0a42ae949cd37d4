# glmnet's path of 100 lambdas: glmnet_path.R <request.json>. One line per run, with its lambdas and the objective at each.
suppressMessages(library(glmnet))
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
source(file.path(here, "exchange.R"))
request <- read_request()
data <- load_case(request)
alpha <- request$alpha
invisible(glmnet(matrix(c(0, 1, 2, 3, 1, 0), 6, 2), factor(c(0, 1, 0, 1, 1, 0)), family = "binomial"))
report(ready = TRUE)
for (thresh in request$thresholds) {
  for (i in seq_len(request$repeats)) {
    seconds <- system.time(
      fit <- glmnet(data$X, factor(data$y), family = "multinomial", alpha = alpha, standardize = FALSE, thresh = thresh, maxit = 1e6)
    )[["elapsed"]]
    objectives <- sapply(seq_along(fit$lambda), function(i) {
      objective(softmax_model(fit, i), data, (1 - alpha) / 2 * fit$lambda[i], alpha * fit$lambda[i])
    })
    report(
      program = "glmnet", settings = list(thresh = thresh), seconds = seconds, lambdas = fit$lambda, objectives = objectives,
      version = as.character(packageVersion("glmnet"))
    )
    if (seconds > request$seconds / request$repeats) break
  }
  if (seconds * 3 > request$seconds) break
}
